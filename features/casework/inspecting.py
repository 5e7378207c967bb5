"""专项检查：立项、抽样、核查、认定、整改、办结、证据包；审计链和重算。"""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from features.casework.county import ROOT, County
from features.steps.names import find
from features.steps.wording import act, expect

Verifier = Callable[[bool], "subprocess.CompletedProcess[str]"]
ANSWERS = {"属实": "confirmed", "不属实": "refuted"}


@act(
    "{who}立项{rules}，查{since}至{until}，全部抽取，种子为{seed}",
    "{who} opens an inspection of {rules} from {since} to {until} of all there is, by the seed {seed}",
)
def _(county: County, who: str, rules: str, since: str, until: str, seed: str) -> None:
    known = county.names.book.inspections
    body = {
        "rules": find(rules, "set of rules", ((one.id, one.title) for one in known.values())),
        "area": "sample_county",
        "since": since,
        "until": until,
        "reason": "年度检查",
        "share": "1",
        "seed": seed,
    }
    county.inspection = county.post(who, "/inspections", body)["inspection"]


@act("{who}抽样并核查", "{who} draws the sample and lets the rules look")
def _(county: County, who: str) -> None:
    drawn = county.post(who, f"/inspections/{county.inspection}/draw")["draw"]
    assert drawn["sampled"] == drawn["population"] > 0
    county.post(who, f"/inspections/{county.inspection}/runs")
    county.findings = county.get(who, f"/inspections/{county.inspection}/findings?limit=200")["findings"]


@expect("检查发现{rule}，涉及{subject}", "the inspection has found {rule} of {subject}")
def _(county: County, rule: str, subject: str) -> None:
    about = county.names.watch(rule)
    assert [one["subject"] for one in county.findings if one["about"] == about] == [subject], county.findings


@expect("{who}看不到抽中了谁", "{who} does not see who was drawn")
def _(county: County, who: str) -> None:
    assert county.ask(who, "GET", f"/inspections/{county.inspection}/sample") is None


@act("{who}认定各项发现{answer}，因为{why}", "{who} answers every finding with {answer}: {why}")
def _(county: County, who: str, answer: str, why: str) -> None:
    said = find(answer, "answer", ((value, {"zh": word}) for word, value in ANSWERS.items()))
    for one in county.findings:
        path = f"/inspection-findings/{one['finding']}/answer"
        county.post(who, path, {"answer": said, "reason": why})


@expect("{who}还不能办结检查，因为{why}", "{who} cannot close the inspection yet: {why}")
def _(county: County, who: str, why: str) -> None:
    path = f"/inspections/{county.inspection}/end"
    assert county.ask(who, "POST", path, {"kind": "closed", "report": "检查完毕"}) is None
    assert why in county.refusal, county.refusal


@act("{who}责成{area}在{due}前{task}", "{who} orders {area} to {task} by {due}")
def _(county: County, who: str, area: str, due: str, task: str) -> None:
    areas = county.names.book.areas
    place = find(area, "area", ((name, one.label) for name, one in areas.items()))
    body = {"area": place, "task": task, "due": due}
    county.rectifications = [
        county.post(who, f"/inspection-findings/{one['finding']}/rectifications", body)["rectification"]
        for one in county.findings
    ]


@act("{who}报告整改完成：{text}", "{who} says what was put right: {text}")
def _(county: County, who: str, text: str) -> None:
    for number in county.rectifications:
        county.post(who, f"/rectifications/{number}/done", {"text": text})


@act("{who}验收整改：{text}", "{who} verifies what was put right: {text}")
def _(county: County, who: str, text: str) -> None:
    for number in county.rectifications:
        county.post(who, f"/rectifications/{number}/verify", {"state": "verified", "text": text})


@act("{who}办结检查，结论为{report}", "{who} closes the inspection: {report}")
def _(county: County, who: str, report: str) -> None:
    county.post(who, f"/inspections/{county.inspection}/end", {"kind": "closed", "report": report})


@act("{who}导出证据包", "{who} takes the evidence pack out")
def _(county: County, who: str) -> None:
    county.files["pack"] = county.post(who, f"/inspections/{county.inspection}/pack").content


@pytest.fixture
def verifies(counties: list[County], tmp_path: Path) -> Verifier:
    """The verifier as somebody else runs it: one file of Python, the pack and the published key, no platform."""

    def run(change: bool) -> subprocess.CompletedProcess[str]:
        [county] = counties
        pack = tmp_path / "inspection.zip"
        content = county.files["pack"]
        pack.write_bytes(_changed(content) if change else content)
        key = county.published_key()
        verifier = tmp_path / "verify_pack.py"
        verifier.write_bytes((ROOT / "records" / "verify_pack.py").read_bytes())
        return subprocess.run(
            [sys.executable, "-E", str(verifier), str(pack), key],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
        )

    return run


def _changed(content: bytes) -> bytes:
    """The pack with another word in `inspection.json`."""
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as before,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for one in before.namelist():
            held = before.read(one)
            after.writestr(
                one,
                held.replace("年度检查".encode(), "季度检查".encode()) if one == "inspection.json" else held,
            )
    return made.getvalue()


@expect("离线验证证据包，全部无误", "the evidence pack is whole, verified without the platform")
def _(verifies: Verifier) -> None:
    done = verifies(False)
    assert done.returncode == 0, done.stdout + done.stderr


@expect(
    "改动证据包里的一个文件，离线验证指出是哪一个", "one changed file of the pack is named by the verifier"
)
def _(verifies: Verifier) -> None:
    done = verifies(True)
    assert done.returncode == 1 and "inspection.json" in done.stdout, done.stdout + done.stderr


# --- what stays ------------------------------------------------------------


@expect("{who}验证审计链完整", "{who} finds the audit trail whole")
def _(county: County, who: str) -> None:
    told = county.get(who, "/audit/verification")
    assert told["whole"], told


@expect(
    "{who}重算本户最近{many}次裁定，结果一字不差",
    "{who} makes the last {many} decisions again, to the letter",
)
def _(county: County, who: str, many: str) -> None:
    listed = county.get(who, f"/decisions?household={county.household}&limit={many}")["decisions"]
    assert len(listed) == int(many)
    for one in listed:
        replays = county.get(who, f"/decisions/{one['decision_id']}/replay")["replays"]
        assert {again["result"] for again in replays} == {"same"}, replays
