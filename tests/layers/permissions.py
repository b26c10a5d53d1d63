"""Resource types and data sources name every operation that their code sends (`reads` and `changes`, src/aws/table.h), which is
what `terrace permissions` makes policies of. This reads the code: which operations can be reached from a type's hooks, through
helpers and constants, and compares. The same for the operations that the operator's commands send."""
import json
import pathlib
import re
import unittest

SRC = pathlib.Path(__file__).resolve().parents[2] / "src"
READS = re.compile("(Describe|Get|List|Head)[A-Z]")
LITERAL = r'"(?:\\.|[^"\\])*"'
MODELS = {path.stem: set(json.loads(path.read_text()).get("operations", {})) for path in (SRC / "aws" / "model").glob("*.json")
          if path.stem != "partitions"}
HOOK = re.compile(r"type\.(create|read|update|remove|recover|import) = (\w+)")
# Hooks that a plan runs: it reads, and adopts what a killed run had made.
PLANNED = ("read", "recover", "import")


def readable(text):
    """Code without tables, comments and quotes in quotes, which would be taken for strings."""
    return re.sub(r"//[^\n]*", "", re.sub(r'R"\(.*?\)"', '""', text, flags=re.DOTALL)).replace("'\"'", "' '")


def definitions(text):
    """{name: [(code, is local to the file)]} of the functions and constants that begin in column 0."""
    found, lines, at, local = {}, text.split("\n"), 0, False
    while at < len(lines):
        line = lines[at]
        local = line.startswith("namespace {") or (local and not (line == "}" or line.startswith("}  ")))
        if re.match(r"(?!namespace|using|extern|template|static_assert|struct|class|enum|return)[A-Za-z]", line):
            end, code = at, line
            while not (code.rstrip().endswith((";", "}")) and balanced(code)):
                end += 1
                code += "\n" + lines[end]
            name = re.match(r"[^({=]*?(\w+)\s*(?:\[\])?\s*[({=]", code)
            if name:
                found.setdefault(name.group(1), []).append((code, local))
            at = end
        elif re.match(r"(struct|class|enum) ", line):
            while not lines[at].startswith("}"):
                at += 1
        at += 1
    return found


def balanced(code):
    bare = re.sub(LITERAL + r"|'.'", "", code)
    return bare.count("{") == bare.count("}")


class Code:
    def __init__(self):
        paths = [*(SRC / "aws" / "types").glob("*.cpp"), SRC / "aws" / "tags.cpp"]
        self.files = {}
        for path in paths:
            text = readable(path.read_text())
            # A namespace without a name ends where "}" stands alone, its comment being gone.
            self.files[path] = definitions(text)
        self.shared = {}
        for path, defined in self.files.items():
            for name, places in defined.items():
                self.shared.setdefault(name, []).extend((path, code) for code, local in places if not local)

    def places(self, path, name):
        return [(path, code) for code, _ in self.files[path].get(name, [])] or self.shared.get(name, [])

    def reached(self, path, name, service, seen):
        """The (service, operation) pairs that the function or constant names, or what it names does."""
        found = set()
        for place, code in self.places(path, name):
            if (place, name) in seen or re.match("ResourceType |DataSource ", code):
                continue
            seen.add((place, name))
            found |= named(code, service)
            for word in set(re.findall(r"\b[A-Za-z_]\w*\b", re.sub(LITERAL, "", code))) - {name}:
                found |= self.reached(place, word, service, seen)
        return found

    def types(self):
        """{(kind, type's name): (path, factory, operations)} with operations as {"reads": set, "changes": set}."""
        found = {}
        for path, defined in self.files.items():
            for name, places in defined.items():
                for code, local in places:
                    kind = re.match("(ResourceType|DataSource) ", code)
                    aws = re.search(r'"(aws_\w+)"', code)
                    if kind and aws:
                        derive = self.of_resource if kind.group(1) == "ResourceType" else self.of_data
                        found[kind.group(1), aws.group(1)] = (path, name, code, derive(path, code))
        return found

    def of_data(self, path, code):
        words = re.findall(r"\b\w+\b", re.sub(LITERAL, "", code))
        return {"reads": set().union(*(self.reached(path, word, "", set()) for word in words)), "changes": set()}

    def of_resource(self, path, code):
        hooks, constants, service = dict(HOOK.findall(code)), [], re.search(r'type\.service = "([a-z0-9]+)"', code)
        # A factory may begin with what a helper makes, whose parameters are hooks or constants.
        for helper, constant, arguments in re.findall(r"(?:return|=)\s+(\w+)(?:<(\w+)>)?\(([^;]*)\);", code):
            for _, made in self.places(path, helper):
                if not made.startswith("ResourceType "):
                    continue
                service = service or re.search(r'type\.service = "([a-z0-9]+)"', made)
                parameters = [each.split()[-1] for each in re.search(r"\(([^)]*)\)", made).group(1).split(",")]
                given = dict(zip(parameters, (each.strip() for each in arguments.split(","))))
                hooks = {hook: given.get(value, value) for hook, value in HOOK.findall(made)} | hooks
                constants += [constant] if constant else []
        service = service.group(1) if service else "ec2"
        reads, changes = set(), set()
        for hook, function in hooks.items():
            (reads if hook in PLANNED else changes).update(self.reached(path, function, service, set()))
        for constant in constants:
            changes |= self.reached(path, constant, service, set())
            reads |= {each for each in changes if each in self.reached(path, constant, service, set()) and READS.match(each[1])}
        mutating = {each for each in reads if not READS.match(each[1])}  # a recovery that finishes what was begun
        reads -= mutating
        return {"reads": reads, "changes": (changes | mutating) - reads}


def named(code, service):
    """The operations whose names the code holds. The service is the one that was named last before, or the type's."""
    found, last = set(), ""
    for literal, helper in re.findall(f"({LITERAL})|(_ec2|find_by_intent)\\(", code):
        word = literal.strip('"')
        if helper:
            last = "ec2"
        elif word in MODELS:
            last = word
        else:
            having = [each for each in (last, service) if word in MODELS.get(each, ())] or \
                     [each for each, operations in MODELS.items() if word in operations]
            if len(having) == 1 or (having and having[0] in (last, service)):
                found.add((having[0], word))
    return found


def declared(code, data):
    """What the factory says: a data source's fourth value, a resource type's reads and changes."""
    said = {"reads": "", "changes": ""}
    if data:
        said["reads"] = "".join(re.findall(LITERAL, re.search(r"\{\s*(?:[^,]+,){3}([^,}]*)", code).group(1)))
    for field, value in re.findall(r"type\.(reads|changes) =((?:\s*" + LITERAL + r")+);", code):
        said[field] = "".join(re.findall(LITERAL, value))
    return {field: set(tuple(each.split(":")) for each in value.replace('"', " ").split()) for field, value in said.items()}


class PermissionsTest(unittest.TestCase):
    def test_types_name_what_their_code_sends(self):
        types = Code().types()
        self.assertGreater(len(types), 70)
        self.assertIn(("ec2", "ModifySecurityGroupRules"), types["ResourceType", "aws_vpc_security_group_ingress_rule"][3]["changes"])
        self.assertIn(("s3", "GetObjectTagging"), types["DataSource", "aws_s3_object"][3]["reads"])
        for (kind, name), (_, _, code, sent) in sorted(types.items()):
            said = declared(code, kind == "DataSource")
            for field in ("reads", "changes"):
                with self.subTest(kind=kind, name=name, field=field):
                    self.assertEqual(sorted(":".join(each) for each in sent[field]), sorted(":".join(each) for each in said[field]))

    def test_the_operators_commands_name_what_they_send(self):
        sent = set()
        for folder in ("cluster", "cli"):
            for path in (SRC / folder).glob("*.cpp"):
                if path.name != "operator_policy.cpp":
                    sent |= set(re.findall(r'call(?:_all)?\(\s*"([a-z0-9]+)",\s*"(\w+)"', path.read_text()))
        self.assertGreater(len(sent), 10)
        code = (SRC / "cluster" / "operator_policy.cpp").read_text()
        said = re.search(r"kCommandOperations =((?:\s*" + LITERAL + r")+);", code).group(1).replace('"', " ")
        self.assertEqual(sorted(":".join(each) for each in sent), sorted(said.split()))


if __name__ == "__main__":
    unittest.main()
