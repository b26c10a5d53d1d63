#!/usr/bin/env python3
"""Recomputes the include edges between the folders of src/ and fails on one that points the wrong way.

ALLOWED says, for each folder, which folders its files may include, as docs/architecture.md draws the layers; what those
may include is allowed too. usage: layers.py SOURCE_DIRECTORY [SELF-TEST]"""
import pathlib
import re
import sys
import unittest

ALLOWED = {
    "base": [],
    "pki": ["base"],
    "diag": ["base"],
    "hcl": ["diag"],
    "lang": ["hcl", "pki"],
    "config": ["lang"],
    "schema": ["lang"],
    "state": ["config", "schema"],
    "plan": ["state"],
    "apply": ["state", "plan"],
    "aws": ["schema"],
    "node": ["base", "diag", "aws", "pki"],
    "lab": ["node", "aws"],
    "providers": ["schema", "state", "pki"],
    "stacks": ["plan", "apply"],
    "cluster": ["stacks", "aws", "pki"],
    "cli": ["cluster", "lab", "node", "aws", "providers", "stacks", "pki"],
}
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def reachable(folder, allowed):
    seen, waiting = {folder}, [folder]
    while waiting:
        for below in allowed[waiting.pop()]:
            if below not in seen:
                seen.add(below)
                waiting.append(below)
    return seen


def violations(files, allowed):
    """files: {path relative to src: text}. Gives one sentence for each include that the layers do not allow."""
    found = []
    for path, text in sorted(files.items()):
        folder = path.split("/")[0] if "/" in path else None
        for target in INCLUDE.findall(text):
            into = target.split("/")[0]
            if folder is None:
                continue
            if "/" not in target:
                found.append(f'src/{path} includes "{target}": name it from src/, as "folder/file.h"')
            elif folder not in allowed:
                found.append(f"src/{path}: the folder {folder} stands in no layer; add it to docs/architecture.md and here")
            elif into not in reachable(folder, allowed):
                found.append(f'src/{path} includes "{target}", but {folder} may not look at {into}')
    return found


class SelfTest(unittest.TestCase):
    def test_an_include_that_points_up_is_found(self):
        files = {"lang/value.h": '#include "plan/plan.h"\n'}
        self.assertEqual(violations(files, ALLOWED), ['src/lang/value.h includes "plan/plan.h", but lang may not look at plan'])

    def test_an_include_that_points_down_is_allowed(self):
        self.assertEqual(violations({"plan/plan.h": '#include "base/task.h"\n#include <vector>\n'}, ALLOWED), [])

    def test_a_folder_without_a_layer_is_found(self):
        self.assertEqual(len(violations({"misc/x.h": '#include "base/task.h"\n'}, ALLOWED)), 1)

    def test_the_layers_have_no_cycle(self):
        for folder in ALLOWED:
            for below in ALLOWED[folder]:
                self.assertNotIn(folder, reachable(below, ALLOWED))


def main():
    root = pathlib.Path(sys.argv[1]) / "src"
    files = {str(p.relative_to(root)): p.read_text() for p in root.rglob("*") if p.suffix in (".h", ".cpp")}
    result = unittest.TextTestRunner(stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    found = violations(files, ALLOWED)
    print("\n".join(found) if found else f"{len(files)} files keep to the layers")
    sys.exit(1 if found or not files or not result.wasSuccessful() else 0)


if __name__ == "__main__":
    main()
