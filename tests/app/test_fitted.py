"""A step may bring panels, or give them another room: they are drawn for what they have then."""

from __future__ import annotations

import pytest

from tests.app.stepping import moments, stage


@pytest.mark.parametrize("size", [(80, 24), (160, 48)])
async def test_an_exhibit_is_drawn_for_the_room_that_it_has(size: tuple[int, int]) -> None:
    wrong: list[str] = []
    async with stage(size) as shown:
        for scene in ("02", "08", "09"):
            async with shown.scene(scene) as screen:
                for moment in moments(scene):
                    await shown.at(screen, moment)
                    for name, panel in screen.exhibits.items():
                        wanted = panel.picture(screen.driver.view, *panel.size)
                        if panel.display and wanted and panel.lines != tuple(wanted):
                            wrong.append(f"{scene} {moment}: {name}")
    assert wrong == []


async def test_where_several_engines_run_the_panels_of_one_name_it() -> None:
    async with stage((160, 48)) as shown, shown.scene("09") as screen:
        rows = await shown.at(screen, moments("09")[-1])
    assert any("multipart: Extra memory of this snapshot" in row for row in rows)
    assert any("multipart: AOF tail" in row for row in rows)
