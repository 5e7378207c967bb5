"""Charts as SVG or PNG, with letters that can write Chinese.

An SVG keeps its text as text: whoever looks at it needs the font. A PNG is drawn here, so a font with Chinese letters
must be here: one of the system's, or one in the directory that RELIEF_FONTS names. Without one no PNG is drawn.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.stop import stop
from cli.table_files import writing

if TYPE_CHECKING:
    from engine.population.cliffs import Climb

FONTS = {  # the names of fonts with Chinese letters, by how their files are called
    "notosanscjk": "Noto Sans CJK SC",
    "notosanssc": "Noto Sans SC",
    "sourcehansanssc": "Source Han Sans SC",
    "sourcehansanscn": "Source Han Sans CN",
    "wqy-microhei": "WenQuanYi Micro Hei",
    "wqy-zenhei": "WenQuanYi Zen Hei",
    "msyh": "Microsoft YaHei",
    "pingfang": "PingFang SC",
}
PLACES = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.local/share/fonts", "~/.fonts", "/System/Library/Fonts", "C:/Windows/Fonts")  # fmt: skip
WORDS = {
    "zh": {
        "title": "收入增加时，到手多少", "income": "月工资（元）", "together": "工资加救助（元/月）",
        "due": "每月救助（元）", "before": "现行规则", "after": "新规则", "rules": "规则", "policy": "政策",
    },
    "en": {
        "title": "What is left as income rises", "income": "wage a month (yuan)", "together": "wage and relief (yuan a month)",
        "due": "relief a month (yuan)", "before": "rules as they are", "after": "new rules", "rules": "rules", "policy": "policy",
    },
}  # fmt: skip


def chinese_font() -> tuple[str, Path] | None:
    """The name of a font that can write Chinese, and the directory it is in."""
    for file in _font_files():
        name = file.name.lower().replace(" ", "")
        for start, family in FONTS.items():
            if name.startswith(start):
                return family, file.parent
    return None


def _font_files() -> Iterator[Path]:
    named = os.environ.get("RELIEF_FONTS")
    for place in (*([named] if named else []), *PLACES):
        directory = Path(place).expanduser()
        if directory.is_dir():
            yield from sorted(
                path for path in directory.rglob("*") if path.suffix.lower() in (".ttf", ".ttc", ".otf")
            )


def write_chart(chart: Any, path: Path) -> None:
    """Draws a chart to a file that ends in .svg or .png."""
    import vl_convert

    font = chinese_font()
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        stop(f"{path}: 图只能写 .svg 或 .png · a chart is an .svg or a .png")
    if kind == ".png" and font is None:
        stop(
            f"{path}: 本机没有中文字体，画不出 PNG；请安装 fonts-noto-cjk 或 fonts-wqy-microhei，或用 RELIEF_FONTS 指明字体目录，或改写 .svg · "
            "no font with Chinese letters is here: install one (fonts-noto-cjk, fonts-wqy-microhei), name its directory in RELIEF_FONTS, or write an .svg"
        )
    if font is not None:
        vl_convert.register_font_directory(str(font[1]))
    family = "sans-serif" if font is None else font[0]
    spec = chart.configure(font=family).configure_view(strokeOpacity=0).to_dict()
    writing(path, lambda: path.parent.mkdir(parents=True, exist_ok=True))
    if kind == ".png":
        drawn = vl_convert.vegalite_to_png(spec, scale=2)
        writing(path, lambda: _replace(path, drawn))
    else:
        drawn = vl_convert.vegalite_to_svg(spec).encode()
        writing(path, lambda: _replace(path, drawn))


def _replace(path: Path, content: bytes) -> None:
    beside = path.with_name(path.name + ".part")
    beside.write_bytes(content)
    beside.replace(path)


def cliffs_chart(climbs: Mapping[str, Climb], names: Mapping[str, str], language: str) -> Any:
    """`climbs`: the household under the rules `before` and `after`; `names`: the titles of policies."""
    import altair as alt

    def data(values: list[dict[str, Any]]) -> Any:
        return alt.Data(values=values)  # type: ignore[no-untyped-call]

    words = WORDS[language]
    shown = _shown_up_to(climbs)
    lines, falls = [], []
    for rules, climb in climbs.items():
        named = {"rules": words[rules]}
        lines += [{"income": one.income, "together": float(one.together), **named} for one in climb.steps]
        falls += [
            {
                "income": one.income,
                "together": float(one.behind.together),
                "loss": f"−{one.loss:,.0f}",
                **named,
            }
            for one in climb.cliffs
        ]
    shares = [
        {"income": step.income, "due": float(step.policies.get(policy, 0)), "policy": names[policy]}
        for policy in {policy: None for step in climbs["after"].steps for policy in step.policies}
        for step in climbs["after"].steps
    ]
    income = alt.X("income:Q", title=words["income"], scale=alt.Scale(domain=[0, shown], clamp=False))
    colors = alt.Scale(domain=[words["before"], words["after"]], range=["#8a8f98", "#1f6feb"])
    color = alt.Color("rules:N", title=words["rules"], scale=colors)
    together = alt.Y("together:Q", title=words["together"])
    inside = alt.datum.income <= shown
    top = alt.Chart(data(lines)).mark_line(strokeWidth=2).encode(x=income, y=together, color=color)
    marks = alt.Chart(data(falls)).encode(x=income, y="together:Q", color=color)
    points = marks.mark_point(filled=True, size=55, opacity=1)
    # beside their points, on different sides, so that the two rulebooks do not write over each other
    labels = (
        marks.mark_text(align="right", dx=-7, dy=12, fontSize=11)
        .encode(text="loss:N")
        .transform_filter(alt.datum.rules == words["before"]),
        marks.mark_text(align="left", dx=7, dy=12, fontSize=11)
        .encode(text="loss:N")
        .transform_filter(alt.datum.rules == words["after"]),
    )
    upper = alt.layer(*(layer.transform_filter(inside) for layer in (top, points, *labels)))
    legend = alt.Legend(labelLimit=0)
    bottom = alt.Chart(data(shares)).mark_area().transform_filter(inside).encode(
        x=income,
        y=alt.Y("due:Q", title=words["due"], stack=True),
        color=alt.Color("policy:N", title=words["policy"], legend=legend),
    )  # fmt: skip
    both = (upper.properties(width=640, height=300), bottom.properties(width=640, height=150))
    return alt.vconcat(*both, title=words["title"]).resolve_scale(color="independent")


def _shown_up_to(climbs: Mapping[str, Climb]) -> int:
    """Half as far again as what is due goes on changing, so that what happens fills the picture."""
    changing = [
        one.income for climb in climbs.values() for one in climb.steps if one.due != climb.steps[-1].due
    ]
    most = max(climb.steps[-1].income for climb in climbs.values())
    return min(most, max(max(changing, default=0) * 3 // 2, 500))
