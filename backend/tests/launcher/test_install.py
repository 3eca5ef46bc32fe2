"""What the installation leaves in a checkout works wherever the checkout lies and wherever it is called from."""

import shutil
import site
import subprocess
import sys
import venv
from pathlib import Path

_BACKEND = Path(__file__).parents[2]


def _checkout(folder: Path) -> Path:
    """A copy of this one's code, with an environment that borrows this run's packages."""
    for part in ("app", "alembic", "launcher"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(_BACKEND / part, folder / "backend" / part, ignore=ignored)
    shutil.copy(_BACKEND / "alembic.ini", folder / "backend")
    venv.create(folder / ".venv", with_pip=False)
    (packages,) = (folder / ".venv").glob("lib/python3.*/site-packages")
    (packages / "borrowed.pth").write_text("\n".join(site.getsitepackages()))
    install = (
        "import sys; sys.path.insert(0, 'backend'); import launcher.install as it; it._install_command()"
    )
    subprocess.run([sys.executable, "-P", "-c", install], cwd=folder, check=True)
    return folder


def test_the_command_works_from_a_folder_with_a_space_and_beside_another_projects_app(tmp_path: Path) -> None:
    checkout = _checkout(tmp_path / "my checkout")
    other = tmp_path / "other"
    for name in ("app", "launcher"):
        (other / name).mkdir(parents=True)
        (other / name / "__init__.py").write_text("raise SystemExit('a stranger')")
    done = subprocess.run(
        [checkout / ".venv" / "bin" / "stratum", "--help"],
        cwd=other,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Operate Stratum." in done.stdout
