#!/usr/bin/env python3
"""Compares terrace's wire codec with botocore's on generated requests and answers of every built-in operation, and
records a few of each service for the unit tests.

usage: tools/record_wire_cases.py AWS_CONFORMANCE [SAMPLES] [--record FOLDER]

The conformance program is built by `cmake --build build/dev --target aws-conformance`. Values are drawn from a seeded
generator, so that a run can be repeated.
"""

import base64
import datetime
import json
import os
import random
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

import botocore.awsrequest
import botocore.parsers
import botocore.serialize
from botocore.model import ServiceModel
from botocore.utils import percent_encode_sequence

MODELS = os.path.join(os.path.dirname(__file__), "..", "src", "aws", "model")
TEXTS = ["a", "two words", "x&y=z<q>", "ünïcode", "vpc-0123456789abcdef0", "a/b+c", 'quo"te', "100%"]
EPOCH = datetime.datetime(2015, 1, 25, 8, 0, 0, tzinfo=datetime.timezone.utc)
generator = random.Random(20150125)


def draw(shape, depth=0, in_path=False):
    """A value of `shape` as botocore takes it."""
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return {"free": ["form", 1, True]}
        members = {}
        names = list(shape.members)
        if getattr(shape, "is_tagged_union", False):
            names = [generator.choice(names)]
        for name in names:
            member = shape.members[name]
            location = member.serialization.get("location")
            if member.serialization.get("eventstream"):
                continue
            needed = location == "uri" or member.metadata.get("idempotencyToken") or name in shape.required_members or len(names) == 1
            if needed or generator.random() < (0.6 if depth < 3 else 0.15):
                if depth > 6 and member.type_name in ("structure", "list", "map"):
                    continue
                members[name] = draw(member, depth + 1, location in ("uri", "header"))
        return members
    if kind == "list":
        return [draw(shape.member, depth + 1, in_path) for _ in range(generator.choice([1, 2, 3]))]
    if kind == "map":
        return {f"key{i}": draw(shape.value, depth + 1) for i in range(generator.choice([1, 2]))}
    if kind in ("string", "character"):
        return generator.choice(TEXTS[:1] + TEXTS[4:6]) if in_path else generator.choice(TEXTS)
    if kind == "boolean":
        return generator.choice([True, False])
    if kind in ("integer", "long"):
        return generator.choice([0, 1, -7, 4096])
    if kind in ("float", "double"):
        return generator.choice([0.5, 1.25, -3.75])
    if kind == "timestamp":
        return EPOCH + datetime.timedelta(seconds=generator.randrange(100000))
    if kind == "blob":
        return generator.choice([b"bytes", b"\x00\xff\xfe", b""]) if not in_path else b"x"
    raise ValueError(kind)


def iso(moment):
    moment = moment.astimezone(datetime.timezone.utc)
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    if moment.microsecond:
        text += f".{moment.microsecond:06d}".rstrip("0")
    return text + "Z"


def plain(value):
    """botocore's values in terrace's JSON form."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items() if key != "ResponseMetadata"}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, datetime.datetime):
        return iso(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if hasattr(value, "read"):
        return base64.b64encode(value.read()).decode()
    return value


# --- requests --------------------------------------------------------------------------------------------------------


def expected_request(model, operation, params):
    serializer = botocore.serialize.create_serializer(model.protocol, include_validation=False)
    request = serializer.serialize_to_request(params, operation)
    body = request["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body).encode()
    if hasattr(body, "read"):
        body = body.read()
    uri = request["url_path"]
    query = request.get("query_string")
    if query:
        uri += ("&" if "?" in uri else "?") + percent_encode_sequence(query)
    return {
        "method": request["method"],
        "uri": uri or "/",
        "headers": {str(key): str(value) for key, value in request["headers"].items()},
        "body": body.decode("latin-1"),
    }


def same_request(protocol, expected, actual):
    body = actual.get("body")
    body = body.encode().decode("latin-1") if body is not None else base64.b64decode(actual["body_base64"]).decode(
        "latin-1")
    if expected["method"] != actual["method"] or expected["uri"] != actual["uri"]:
        return False
    headers = {key.lower(): value for key, value in actual["headers"].items()}
    for key, value in expected["headers"].items():
        if headers.get(key.lower()) != value.encode().decode("utf-8"):
            return False
    if body == expected["body"]:
        return True
    if protocol in ("json", "rest-json"):
        texts = [text.encode("latin-1").decode() or "null" for text in (body, expected["body"])]
        return json.loads(texts[0]) == json.loads(texts[1])
    if protocol == "rest-xml" and body and expected["body"]:
        return ElementTree.canonicalize(body.encode("latin-1").decode()) == ElementTree.canonicalize(
            expected["body"].encode("latin-1").decode())
    return False


# --- answers ---------------------------------------------------------------------------------------------------------


def name_of(shape, default):
    return shape.serialization.get("name", default)


def text_xml(shape, value):
    kind = shape.type_name
    if kind == "timestamp":
        return iso(value)
    if kind == "blob":
        return base64.b64encode(value).decode()
    if kind == "boolean":
        return "true" if value else "false"
    return escape(str(value))


def element(shape, value, name):
    kind = shape.type_name
    if kind == "structure":
        attributes = ""
        inner = ""
        for key, item in value.items():
            member = shape.members[key]
            if member.serialization.get("location"):
                continue
            if member.serialization.get("xmlAttribute"):
                attribute = member.serialization["name"]
                if ":" in attribute:
                    attributes += ' xmlns:%s="http://www.w3.org/2001/XMLSchema-instance"' % attribute.split(":")[0]
                attributes += f" {attribute}={quoteattr(str(item))}"
            else:
                inner += element(member, item, name_of(member, key))
        return f"<{name}{attributes}>{inner}</{name}>"
    if kind == "list":
        if shape.serialization.get("flattened"):
            name = name_of(shape.member, name)
            return "".join(element(shape.member, item, name) for item in value)
        inner_name = name_of(shape.member, "member")
        return f"<{name}>" + "".join(element(shape.member, item, inner_name) for item in value) + f"</{name}>"
    if kind == "map":
        entries = ""
        flat = shape.serialization.get("flattened")
        for key, item in value.items():
            pair = element(shape.key, key, name_of(shape.key, "key"))
            pair += element(shape.value, item, name_of(shape.value, "value"))
            entries += f"<{name}>{pair}</{name}>" if flat else f"<entry>{pair}</entry>"
        return entries if flat else f"<{name}>{entries}</{name}>"
    return f"<{name}>{text_xml(shape, value)}</{name}>"


def body_json(shape, value):
    kind = shape.type_name
    if kind == "structure":
        if getattr(shape, "is_document_type", False):
            return value
        return {
            name_of(shape.members[key], key): body_json(shape.members[key], item)
            for key, item in value.items()
            if not shape.members[key].serialization.get("location")
        }
    if kind == "list":
        return [body_json(shape.member, item) for item in value]
    if kind == "map":
        return {key: body_json(shape.value, item) for key, item in value.items()}
    if kind == "timestamp":
        return iso(value) if shape.serialization.get("timestampFormat") == "iso8601" else value.timestamp()
    if kind == "blob":
        return base64.b64encode(value).decode()
    return value


def header_text(shape, value):
    if shape.type_name == "timestamp":
        return value.strftime("%a, %d %b %Y %H:%M:%S GMT")
    if shape.type_name == "boolean":
        return "true" if value else "false"
    if shape.type_name == "list":
        return ",".join(str(item) for item in value)
    return str(value)


def draw_answer(model, operation):
    shape = operation.output_shape
    headers = {}
    if shape is None:
        return {"status_code": 200, "headers": headers, "body": "<Response/>" if "json" not in model.protocol else "{}"}
    value = draw(shape)
    if model.protocol.startswith("rest"):
        for key, item in value.items():
            member = shape.members[key]
            location = member.serialization.get("location")
            if location == "header":
                headers[name_of(member, key)] = header_text(member, item).encode("ascii", "replace").decode()
            elif location == "headers":
                for inner, text in item.items():
                    headers[name_of(member, key) + inner] = str(text).encode("ascii", "replace").decode()
    payload = shape.serialization.get("payload")
    body = b""
    if payload and shape.members[payload].type_name in ("blob", "string"):
        body = value.get(payload, b"")
        body = body.encode() if isinstance(body, str) else body
    elif model.protocol == "ec2":
        body = element(shape, value, operation.name + "Response").encode()
    elif model.protocol == "query":
        wrapper = shape.serialization.get("resultWrapper")
        inner = element(shape, value, wrapper or "None")
        body = (f"<{operation.name}Response>{inner}<ResponseMetadata><RequestId>id</RequestId></ResponseMetadata>"
                f"</{operation.name}Response>").encode()
    elif model.protocol == "rest-xml":
        if payload:
            if payload in value:
                body = element(shape.members[payload], value[payload], name_of(shape.members[payload], payload)).encode()
        else:
            body = element(shape, value, name_of(shape, operation.name + "Result")).encode()
    elif payload:
        body = json.dumps(body_json(shape.members[payload], value.get(payload, {}))).encode()
    else:
        body = json.dumps(body_json(shape, value)).encode()
    return {"status_code": 200, "headers": headers, "body_base64": base64.b64encode(body).decode()}


def expected_result(model, operation, answer):
    parser = botocore.parsers.create_parser(model.protocol)
    body = base64.b64decode(answer["body_base64"]) if "body_base64" in answer else answer["body"].encode()
    shape = operation.output_shape
    raw = None
    if shape is not None and shape.serialization.get("payload"):
        payload = shape.serialization["payload"]
        if shape.members[payload].type_name == "blob":
            raw = (payload, body, shape.members[payload].serialization.get("streaming"))
            body = b""
    parsed = parser.parse(
        {"status_code": 200, "headers": botocore.awsrequest.HeadersDict(answer["headers"]), "body": body,
         "context": {"operation_name": operation.name}}, shape)
    if raw is not None:
        parsed.pop(raw[0], None)
        if raw[1] or raw[2]:
            parsed[raw[0]] = raw[1]
    elif not body and shape is not None and shape.serialization.get("payload"):
        parsed.pop(shape.serialization["payload"], None)  # botocore makes an empty structure of no body
    return plain(parsed)


# --- the comparison --------------------------------------------------------------------------------------------------


def conformance(program, subcommand, lines):
    text = "".join(json.dumps(line) + "\n" for line in lines)
    output = subprocess.run([program, subcommand], input=text, capture_output=True, text=True, check=True).stdout
    return [json.loads(line) for line in output.splitlines()]


def main():
    program = sys.argv[1]
    samples = int(sys.argv[2]) if len(sys.argv) > 2 and sys.argv[2].isdigit() else 3
    folder = sys.argv[sys.argv.index("--record") + 1] if "--record" in sys.argv else None
    totals = {"serialize": [0, 0], "parse": [0, 0]}
    recorded = {"serialize": [], "parse": []}
    for file_name in sorted(os.listdir(MODELS)):
        service = file_name.removesuffix(".json")
        if not file_name.endswith(".json") or service == "partitions":
            continue
        with open(os.path.join(MODELS, file_name), encoding="utf-8") as file:
            definition = json.load(file)
        model = ServiceModel(definition, service)
        model.protocol  # noqa: B018 (fails early for a protocol that botocore lacks)
        cases = []
        for name in model.operation_names:
            operation = model.operation_model(name)
            base = {"metadata": definition["metadata"], "shapes": definition["shapes"],
                    "operation": definition["operations"][name]}
            for sample in range(samples):
                params = draw(operation.input_shape) if operation.input_shape is not None else {}
                answer = draw_answer(model, operation)
                cases.append((name, sample, base, params, expected_request(model, operation, params), answer,
                              expected_result(model, operation, answer)))
        requests = conformance(program, "serialize",
                               [dict(case[2], params=plain(case[3]), endpoint="https://host") for case in cases])
        answers = conformance(program, "parse", [dict(case[2], response=case[5]) for case in cases])
        for case, request, result in zip(cases, requests, answers):
            name, sample, _, params, expected, answer, expected_value = case
            good = "error" not in request and same_request(model.protocol, expected, request)
            totals["serialize"][0] += good
            totals["serialize"][1] += 1
            if not good:
                print("serialize", service, name, json.dumps(plain(params)), "\n  botocore:", expected, "\n  terrace: ",
                      request)
            good = result.get("result") == expected_value
            totals["parse"][0] += good
            totals["parse"][1] += 1
            if not good:
                print("parse", service, name, base64.b64decode(answer.get("body_base64", "")), answer["headers"],
                      "\n  botocore:", json.dumps(expected_value, sort_keys=True), "\n  terrace: ",
                      json.dumps(result.get("result", result), sort_keys=True))
            if sample == 0 and len(json.dumps(expected)) < 3000 and len(
                [line for line in recorded["serialize"] if line["service"] == service]) < 8:
                recorded["serialize"].append({"service": service, "operation": name, "params": plain(params),
                                              "request": expected})
            if sample == 0 and len(json.dumps(answer)) < 3000 and len(
                [line for line in recorded["parse"] if line["service"] == service]) < 8:
                recorded["parse"].append({"service": service, "operation": name, "response": answer,
                                          "result": expected_value})
    for subcommand, (good, count) in totals.items():
        print(f"{subcommand}: {good} of {count} as botocore")
    if folder:
        os.makedirs(folder, exist_ok=True)
        for subcommand, lines in recorded.items():
            with open(os.path.join(folder, subcommand + ".jsonl"), "w", encoding="utf-8") as file:
                file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    sys.exit(0 if all(good == count for good, count in totals.values()) else 1)


if __name__ == "__main__":
    main()
