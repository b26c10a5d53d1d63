#!/usr/bin/env python3
"""Times plan, apply, no-op plan and destroy plan of terraform_data resources, beside stock Terraform where it is on PATH.

usage: engine.py TERRACE [--sizes 1000,10000] [--shapes separate,chains,count,for_each] [--stock-limit SECONDS]

Each figure is one whole process: wall seconds and peak resident MiB, as the kernel accounts for them. A command of stock
Terraform that runs longer than the limit is ended and shown as ">LIMIT"; the steps that need its result are then left out."""
import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

CHAINS = 100


def separate(count):
    return "".join(f'resource "terraform_data" "r{i}" {{\n  input = "value {i}"\n}}\n\n' for i in range(count))


def chains(count):
    blocks = []
    for i in range(count):
        value = f"terraform_data.r{i - CHAINS}.output" if i >= CHAINS else f'"value {i}"'
        blocks.append(f'resource "terraform_data" "r{i}" {{\n  input = {value}\n}}\n\n')
    return "".join(blocks)


def count(number):
    return f'resource "terraform_data" "r" {{\n  count = {number}\n  input = "value ${{count.index}}"\n}}\n'


def for_each(number):
    return (f'locals {{\n  all = {{ for i in range({number}) : "key${{i}}" => i }}\n}}\n\n'
            'resource "terraform_data" "r" {\n  for_each = local.all\n  input    = "value ${each.value}"\n}\n')


SHAPES = {"separate": separate, "chains": chains, "count": count, "for_each": for_each}
STEPS = [
    ("plan", ["plan", "-input=false", "-no-color"]),
    ("apply", ["apply", "-auto-approve", "-input=false", "-no-color"]),
    ("no-op plan", ["plan", "-input=false", "-no-color", "-detailed-exitcode"]),
    ("destroy plan", ["plan", "-destroy", "-input=false", "-no-color"]),
]


def environment():
    return dict(os.environ, CHECKPOINT_DISABLE="1", NO_COLOR="1", TF_CLI_CONFIG_FILE=os.devnull)


def measure(command, directory, limit):
    """(seconds, MiB, None) or (None, None, why it has no figure)."""
    start = time.monotonic()
    process = subprocess.Popen(command, cwd=directory, env=environment(), stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    late = threading.Timer(limit, lambda: os.killpg(process.pid, signal.SIGKILL)) if limit else None
    if late:
        late.start()
    message = process.stderr.read().decode(errors="replace")
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    if late:
        late.cancel()
        if seconds >= limit:
            return None, None, f">{limit:g}"
    if os.waitstatus_to_exitcode(status) != 0:
        return None, None, "failed: " + (message.strip().splitlines() or ["no message"])[0]
    return seconds, usage.ru_maxrss / 1024, None


def run(binary, shape, size, limit):
    with tempfile.TemporaryDirectory() as directory:
        pathlib.Path(directory, "main.tf").write_text(SHAPES[shape](size))
        subprocess.run([binary, "init", "-input=false"], cwd=directory, check=True, stdout=subprocess.DEVNULL,
                       env=environment())
        figures = {}
        for step, arguments in STEPS:
            figures[step] = measure([binary, *arguments], directory, limit)
            if figures[step][2]:
                break
        return figures


def cell(figure):
    if figure is None:
        return "-"
    return figure[2] if figure[2] else f"{figure[0]:.2f} / {figure[1]:.0f}"


def ratio(ours, stock):
    if not ours or not stock or ours[2] or stock[2]:
        return "-"
    return f"1/{stock[0] / ours[0]:.0f} · 1/{stock[1] / ours[1]:.1f}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("terrace")
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--stock-limit", type=float, default=120)
    options = parser.parse_args()
    terrace = os.path.abspath(options.terrace)
    stock_binary = shutil.which("terraform")
    print("seconds / peak MiB of each command" + ("" if stock_binary else "; terraform is not on PATH, so terrace stands alone"))
    print(f"{'shape':<10}{'size':>7}  {'command':<14}{'terrace':>14}{'terraform':>18}  {'time · memory':>18}", flush=True)
    failed = False
    for size in map(int, options.sizes.split(",")):
        for shape in options.shapes.split(","):
            ours = run(terrace, shape, size, None)
            stock = run(stock_binary, shape, size, options.stock_limit) if stock_binary else {}
            for step, _ in STEPS:
                mine, theirs = ours.get(step), stock.get(step)
                failed = failed or bool(mine and mine[2])
                print(f"{shape:<10}{size:>7}  {step:<14}{cell(mine):>14}{cell(theirs):>18}  {ratio(mine, theirs):>18}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
