"""The modelled power cut beside a real one: the same calls on ext4, which is cut off for good."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from engine.disk_model import DiskModel
from engine.ledger_disk import LedgerDisk
from engine.power_cut import cut
from tests.engine.disk_history import Account, complaint, contents, random_calls
from tests.engine.ext4_cut import CANNOT_MOUNT
from tests.engine.test_power_cut import QuickDisk, keeps_everything

SEEDS = range(16)
CALLS = 30
_ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[int, dict[str, bytes]]:
    """What a real ext4 has after the cut, by seed and name."""
    if os.geteuid():
        pytest.skip("a real power cut needs root, to mount a file system of its own")
    for tool in ("mkfs.ext4", "unshare", "mount"):
        if shutil.which(tool) is None:
            pytest.skip(f"a real power cut needs {tool}")
    folder = tmp_path_factory.mktemp("ext4")
    image, place = folder / "image", folder / "mounted"
    place.mkdir()
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True, capture_output=True)
    done = subprocess.run(
        [
            *("unshare", "-m", "--propagation", "private"),
            *(sys.executable, "-m", "tests.engine.ext4_cut"),
            *(str(image), str(place), str(CALLS), *map(str, SEEDS)),
        ],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == CANNOT_MOUNT or "unshare failed" in done.stderr:
        pytest.skip(f"a real power cut needs loop devices: {done.stderr.strip()}")
    assert not done.returncode, done.stderr
    return {
        int(seed): {name: base64.b64decode(data) for name, data in files.items()}
        for seed, files in json.loads(done.stdout).items()
    }


def modelled(folder: Path, seed: int) -> tuple[Account, dict[str, bytes]]:
    """The same calls through the model, and what its worst case leaves."""
    data = folder / str(seed) / "data"
    data.mkdir(parents=True)
    ledger = str(folder / str(seed) / "ledger")
    disk = LedgerDisk(QuickDisk(), ledger, str(data))
    account = Account(disk, str(data))
    account.run(random_calls(seed, CALLS, truncating=True))
    os.close(disk._writer.fd)
    cut(str(data), ledger)
    return account, contents(str(data))


def kept_too_much(account: Account, model: dict[str, bytes], real: dict[str, bytes]) -> list[str]:
    """Files that the model has kept more of than the real disk, though no later change of their
    names, and no replacement of their bytes, accounts for it."""
    changed = {name for names, _, _ in account.pending for name in names}
    replaced = {
        name
        for name, file in account.durable.items()
        if file is not None and not file.live.startswith(file.durable)
    }
    return [
        name
        for name, data in model.items()
        if name not in changed | replaced and not real.get(name, b"").startswith(data)
    ]


def test_the_worst_case_never_keeps_what_a_real_disk_loses(
    tmp_path: Path, real: dict[int, dict[str, bytes]]
) -> None:
    lost = model_lost = 0
    for seed, left in real.items():
        account, model = modelled(tmp_path, seed)
        assert not complaint(account, left, worst=False), f"seed {seed}: the real disk"
        assert not complaint(account, model, worst=True), f"seed {seed}: the model"
        assert not kept_too_much(account, model, left), f"seed {seed}"
        written = sum(len(file.live) for file in account.names.values() if file is not None)
        lost += written > sum(map(len, left.values()))
        model_lost += written > sum(map(len, model.values()))
    assert lost > len(real) / 2, "the real disk was not cut off at all"
    assert model_lost >= lost


def test_a_model_that_keeps_everything_is_found_out_by_a_real_disk(
    tmp_path: Path, real: dict[int, dict[str, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(DiskModel, "after_cut", keeps_everything)
    assert any(kept_too_much(*modelled(tmp_path, seed), left) for seed, left in real.items())
