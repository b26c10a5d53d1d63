"""A client of a lab's etcd that never pauses, run on a node of the lab's, where etcd is at 127.0.0.1:2379. It writes numbered keys
one after the other, and reads and writes one register from several threads; what it was told goes to files, a line each.

usage: lab_client.py FOLDER     (until SIGTERM)

FOLDER/written: the keys whose write was acknowledged. FOLDER/register: {"began", "ended", "kind", "value", "revision"} for each
operation on the register that was answered; times are of CLOCK_MONOTONIC in seconds, the revision is etcd's of the value that was
written or read."""
import base64
import http.client
import itertools
import json
import pathlib
import signal
import sys
import threading
import time

REGISTER, THREADS, PATIENCE = "client/register", 3, 3
stopped = threading.Event()


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def call(method, **body):
    """The answer of etcd's JSON gateway; OSError or ValueError where there was none that counts."""
    connection = http.client.HTTPConnection("127.0.0.1", 2379, timeout=PATIENCE)
    try:
        connection.request("POST", f"/v3/kv/{method}", json.dumps(body))
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise OSError(f"status {answer.status}")
        return json.loads(text)
    except http.client.HTTPException as error:
        raise OSError(str(error)) from None
    finally:
        connection.close()


def write_keys(file):
    for number in itertools.count():
        if stopped.is_set():
            return
        key = f"client/written/{number:08d}"
        try:
            call("put", key=encoded(key), value=encoded(str(number)))
        except (OSError, ValueError):
            stopped.wait(0.05)  # not acknowledged: it may be there or not
            continue
        file.write(f"{number}\n")
        file.flush()


def use_register(file, lock, thread):
    for number in itertools.count():
        if stopped.is_set():
            return
        began, value = time.monotonic(), f"{thread}-{number}"
        try:
            if number % 2:
                kind, answer = "write", call("put", key=encoded(REGISTER), value=encoded(value))
                revision = int(answer["header"]["revision"])
            else:
                kind, answer = "read", call("range", key=encoded(REGISTER))
                found = answer.get("kvs", [])
                value = base64.b64decode(found[0]["value"]).decode() if found else None
                revision = int(found[0]["mod_revision"]) if found else 0
        except (OSError, ValueError):
            stopped.wait(0.05)
            continue
        with lock:
            file.write(json.dumps({"began": began, "ended": time.monotonic(), "kind": kind, "value": value, "revision": revision}) + "\n")
            file.flush()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    lock = threading.Lock()
    with open(folder / "written", "a") as written, open(folder / "register", "a") as register:
        threads = [threading.Thread(target=write_keys, args=(written,))]
        threads += [threading.Thread(target=use_register, args=(register, lock, number)) for number in range(THREADS)]
        for thread in threads:
            thread.start()
        print("writing", flush=True)
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main()
