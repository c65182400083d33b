"""Pictures: wide characters keep their cells, and no font is fetched from anywhere."""

from app.screenshot import corrected

DRAWING = (
    '@font-face { font-family: "Fira Code"; src: url("https://cdn.example/f.woff2"); }\n'
    ".r1 { font-family: Fira Code, monospace; }"
    '<text class="r1" textLength="36.6" x="0">值ab</text>'
    '<text class="r1" textLength="24.4" x="0">ab</text>'
)


def test_wide_characters_take_two_cells() -> None:
    drawn = corrected(DRAWING)
    assert 'textLength="48.8" x="0">值ab' in drawn
    assert 'textLength="24.4" x="0">ab' in drawn


def test_fonts_are_local() -> None:
    drawn = corrected(DRAWING)
    assert "http" not in drawn and "DejaVu Sans Mono" in drawn
