#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""
lava.py job TEMPLATE NAME=VALUE...: print a job from a template beside this file; a NAME
	that ends in [] has a list of words
lava.py device TYPES JOB: print the device that LAVA makes of a job's context and its
	device type, which is a file in the folder TYPES
lava.py about JOB NAME: print what a job says of itself in its metadata, its "cell", which
	is the name of a host, or its "programs"
lava.py results LOG: print what a host has sent, as boot.sh does, of the log of a job
lava.py counts LOG: print LAVA's own results there, "PROGRAM PASSED FAILED SKIPPED" each
lava.py why LOG: print why that job did not come to its end, or nothing

A log is what lava-run prints, or `lavacli jobs logs --raw`.
"""
import json
import os
import sys

import jinja2
import yaml

# Far quicker, but not everywhere
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def environment(folder):
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(folder), undefined=jinja2.StrictUndefined,
                             trim_blocks=True, keep_trailing_newline=True)
    # For YAML, not for HTML
    env.filters["tojson"] = json.dumps
    return env


def job(template, *values):
    known = {}
    for value in values:
        name, _, value = value.partition("=")
        if name.endswith("[]"):
            known[name[:-2]] = value.split()
        else:
            known[name] = int(value) if value.isdecimal() else value
    print(environment(os.path.dirname(__file__)).get_template(template).render(known), end="")


def load(file):
    with open(file, encoding="utf-8") as f:
        return yaml.load(f, Loader)


def device(types, file):
    it = load(file)
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(types))
    print(env.get_template(it["device_type"] + ".jinja2").render(it.get("context", {})))


def about(file, name):
    value = load(file)["metadata"][name]
    print(value if isinstance(value, str) else " ".join(value))


def messages(file, level):
    """What of that level is in a log, a line each"""
    with open(file, encoding="utf-8", errors="replace") as f:
        for line in f:
            line = line[2:] if line.startswith("- ") else line
            if line.startswith("{") and f'"{level}"' in line:
                entry = yaml.load(line, Loader)
                if entry.get("lvl") == level:
                    yield entry["msg"]


def results(file):
    for msg in messages(file, "target"):
        _, mark, rest = str(msg).partition("nested: ")
        if mark:
            print(rest.rstrip("\r\n"))


def counts(file):
    count = {}
    for msg in messages(file, "results"):
        if msg["definition"] != "lava":
            n = count.setdefault(msg["definition"], {"pass": 0, "fail": 0, "skip": 0})
            n[msg["result"]] += 1
    for program, n in count.items():
        print(program, *n.values())


def why(file):
    for msg in messages(file, "target"):
        if "Kernel panic" in str(msg):
            print("Kernel panic" + str(msg).partition("Kernel panic")[2].rstrip("\r\n"))
            return
    last = [msg for msg in messages(file, "results") if msg["definition"] == "lava" and msg["case"] == "job"]
    if not last:
        print("its log has no end")
    elif last[-1]["result"] != "pass":
        print(f"LAVA: {last[-1]['error_type']}: {last[-1]['error_msg']}".splitlines()[0])


what = {f.__name__: f for f in (job, device, about, results, counts, why)}
if len(sys.argv) < 2 or sys.argv[1] not in what:
    sys.exit(__doc__.strip())
try:
    what[sys.argv[1]](*sys.argv[2:])
except (OSError, KeyError, jinja2.TemplateError, yaml.YAMLError) as e:
    sys.exit(f"lava: {' '.join(sys.argv[1:3])}: {type(e).__name__}: {str(e).splitlines()[0]}")
