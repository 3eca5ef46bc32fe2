from pathlib import Path

from app.core.config import Settings
from app.core.settings_example import example

_FILE = Path(__file__).parents[3] / ".env.example"


def test_the_example_is_current() -> None:
    assert _FILE.read_text() == example(), "write it anew: make fix"


def test_the_example_names_every_setting_and_no_other() -> None:
    named = {
        line[2:].split("=")[0].lower()
        for line in example().splitlines()
        if line[2:3].isupper() and "=" in line
    }
    assert named == set(Settings.model_fields)


def test_an_uncommented_example_is_refused_for_its_empty_secrets_alone(tmp_path: Path) -> None:
    uncommented = [line[2:] for line in example().splitlines() if line[2:3].isupper() and "=" in line]
    filled = [f"{line}{'x' * 40}" if line.endswith("SECRET_KEY=") else line for line in uncommented]
    environment = tmp_path / ".env"
    environment.write_text("\n".join(line for line in filled if not line.endswith("=")))
    assert Settings(_env_file=environment).app_name == "Stratum AI"
