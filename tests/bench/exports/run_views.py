"""Timelines, tables and drawings, read by what reads such files: a JSON schema, the csv module, Graphviz, an XML
parser; and held against the plan file."""
import csv
import json
import subprocess
import xml.etree.ElementTree as ElementTree

import jsonschema

# Of the Trace Event Format, the phases that are written: complete events, metadata, counters.
NUMBER, NATURAL, TEXT = {"type": "number"}, {"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}


def event(phase, required, **properties):
    return {"type": "object", "required": ["ph", "name", "pid", *required],
            "properties": {"ph": {"const": phase}, "name": TEXT, "pid": NATURAL, **properties}}


TRACE = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": {"type": "object", "additionalProperties": {"type": "string"}},
        "traceEvents": {
            "type": "array",
            "items": {"oneOf": [
                event("X", ["tid", "ts", "dur"], tid=NATURAL, ts={"type": "number", "minimum": 0},
                      dur={"type": "number", "minimum": 0}, cat=TEXT, args={"type": "object"}),
                {**event("M", ["args"], name={"enum": ["process_name", "thread_name"]},
                         args={"type": "object", "required": ["name"], "properties": {"name": TEXT}})},
                event("C", ["ts", "args"], ts=NUMBER,
                      args={"type": "object", "minProperties": 1, "additionalProperties": NUMBER}),
            ]},
        },
    },
}


def judge_trace(case):
    """Spans of a stage's compute do not overlap, and nothing is later than the step's end."""
    with open(case["path"]) as file:
        document = json.load(file)
    jsonschema.validate(document, TRACE)
    events = document["traceEvents"]
    named = {e["pid"] for e in events if e["ph"] == "M" and e["name"] == "process_name"}
    threads = {}
    for e in events:
        if e["ph"] != "X":
            continue
        assert e["pid"] in named, e
        if e["tid"] == 0:  # Transfers of different links overlap.
            threads.setdefault(e["pid"], []).append((e["ts"], e["ts"] + e["dur"]))
    for spans in threads.values():
        spans.sort()
        assert all(b[0] >= a[1] - 1e-6 * max(1, a[1]) for a, b in zip(spans, spans[1:])), "spans overlap"
    assert len(threads) == case["stages"], f"{len(threads)} processes for {case['stages']} stages"
    return (f"ok: valid by its schema, {sum(map(len, threads.values()))} spans of {len(threads)} stages, none "
            "overlap")


def judge_csv(case):
    with open(case["path"], newline="") as file:
        rows = list(csv.DictReader(file, strict=True))
    assert rows and all(None not in row and None not in row.values() for row in rows), "rows differ in length"
    for row in rows:
        assert int(row["bytes_per_device"]) >= 0 and int(row["alternatives"]) >= 1, row
        assert row["next_best_adds_us"] == "" or float(row["next_best_adds_us"]) is not None
    stages = {int(row["stage"]) for row in rows}
    assert stages == set(range(case["stages"])), f"stages {stages} of {case['stages']}"
    return f"ok: {len(rows)} rows of {len(stages)} stages"


def judge_dot(case):
    done = subprocess.run(["dot", "-Tsvg", case["path"]], capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        return done.stderr.strip()[:160]
    drawn = ElementTree.fromstring(done.stdout)
    groups = [g.get("class") for g in drawn.iter("{http://www.w3.org/2000/svg}g")]
    assert groups.count("cluster") == case["stages"], f"{groups.count('cluster')} clusters"
    return f"ok: Graphviz draws {groups.count('node')} modules in {case['stages']} clusters"


def judge_svg(case):
    root = ElementTree.parse(case["path"]).getroot()
    width, height = (float(n) for n in root.get("viewBox").split()[2:])
    shapes = list(root.iter("{http://www.w3.org/2000/svg}rect"))[1:]  # Behind the background.
    for shape in shapes:
        x, y, w, h = (float(shape.get(a)) for a in ("x", "y", "width", "height"))
        assert x >= 0 and x + w <= width + 0.1 and y >= 0 and y + h <= height + 0.1, "outside of the picture"
    assert len({shape.get("y") for shape in shapes}) == case["stages"], "a row for every stage"
    return f"ok: well-formed, {len(shapes)} tasks inside the picture, {case['stages']} rows"


JUDGES = {"trace": judge_trace, "csv": judge_csv, "dot": judge_dot, "svg": judge_svg}

if __name__ == "__main__":
    from serve import serve
    serve(lambda case: JUDGES[case["format"]](case))
