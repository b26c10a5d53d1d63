"""The cluster's certificates: judged by the openssl program and by real TLS handshakes, published in the emulated SSM, made by
an operator at a terminal, two operators at once, and runs that are killed."""
import base64
import json
import os
import pathlib
import pty
import select
import shutil
import socket
import ssl
import stat
import subprocess
import threading
import unittest

import cluster
import world

PASSPHRASE = "correct horse battery"
NAMES = ["rootCA", "etcd-ca", "etcd-server", "etcd-peer", "etcd-client", "site"]
PARAMETER = "/harbor/etcd/ca"


def openssl(*arguments, directory, expect=0):
    done = subprocess.run(["openssl", *arguments], cwd=directory, capture_output=True, text=True, env=dict(os.environ, P=PASSPHRASE))
    if done.returncode != expect:
        raise AssertionError(f"openssl {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def handshake(directory, server, server_name, client=None):
    """A TLS server with one of the certificates and a client that trusts the root alone; with `client`, the server asks for its
    certificate. Gives the verified certificate the client saw, and the one the server saw."""
    def context(side, certificate):
        made = ssl.SSLContext(side)
        made.load_verify_locations(directory / "certs/rootCA.pem")
        if certificate:
            made.load_cert_chain(directory / f"certs/{certificate}.pem", directory / f"certs/{certificate}-key.pem")
        return made

    serving = context(ssl.PROTOCOL_TLS_SERVER, server)
    serving.verify_mode = ssl.CERT_REQUIRED if client else ssl.CERT_NONE
    seen = {}
    ours, theirs = socket.socketpair()

    def serve():
        try:
            with serving.wrap_socket(theirs, server_side=True) as connection:
                seen["client"] = connection.getpeercert()
                connection.sendall(b"ready")
        except ssl.SSLError as error:
            seen["error"] = error
            theirs.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        with context(ssl.PROTOCOL_TLS_CLIENT, client).wrap_socket(ours, server_hostname=server_name) as connection:
            if connection.recv(5) != b"ready":
                raise ssl.SSLError("the server ended the connection")
            return connection.getpeercert(), seen.get("client")
    finally:
        ours.close()
        thread.join()


class CertsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.moto = world.Moto()
        cls.proxy = world.Proxy(cls.moto.endpoint)

    @classmethod
    def tearDownClass(cls):
        cls.proxy.close()
        cls.moto.close()

    def setUp(self):
        self.proxy.before = self.proxy.after = None
        self.moto.reset()
        self.cluster = self.new_directory()
        self.terrace, self.directory = self.cluster.terrace, self.cluster.directory
        self.certs = self.directory / "certs"
        self.ssm = world.session(self.moto.endpoint)("ssm")

    def new_directory(self):
        made = cluster.Cluster(self.proxy.endpoint)
        self.addCleanup(made.close)
        made.terrace.environment["TERRACE_CA_PASSPHRASE"] = PASSPHRASE
        return made

    def published(self):
        parameter = self.ssm.get_parameter(Name=PARAMETER, WithDecryption=True)["Parameter"]
        self.assertEqual(parameter["Type"], "SecureString")
        return parameter["Value"]

    def files(self):
        return {path.name: path.read_text() for path in self.certs.glob("*.pem")}

    def refused(self, *command, words, directory=None):
        before = self.files()
        output = (directory or self.terrace)(*command, expect=1)
        flowing = " ".join(output.split())
        for word in words:
            self.assertIn(word, flowing)
        self.assertEqual(self.files(), before)

    def states(self, code=0):
        return {one["name"]: one["state"] for one in json.loads(self.terrace("certs", "show", "-json", expect=code))["certificates"]}

    def assert_whole(self):
        self.assertEqual(self.states(), {name: "good" for name in NAMES})
        openssl("verify", "-x509_strict", "-CAfile", "certs/rootCA.pem", "certs/etcd-ca.pem", "certs/site.pem", directory=self.directory)
        for name in ("etcd-server", "etcd-peer", "etcd-client"):
            openssl("verify", "-x509_strict", "-CAfile", "certs/rootCA.pem", "-untrusted", "certs/etcd-ca.pem", f"certs/{name}.pem",
                    directory=self.directory)
        for name in NAMES:
            key = openssl("pkey", "-in", f"certs/{name}-key.pem", "-passin", "env:P", "-pubout", directory=self.directory)
            self.assertEqual(key, openssl("x509", "-in", f"certs/{name}.pem", "-pubkey", "-noout", directory=self.directory))
            self.assertEqual(stat.S_IMODE((self.certs / f"{name}-key.pem").stat().st_mode), 0o600)
            self.assertEqual("ENCRYPTED" in (self.certs / f"{name}-key.pem").read_text(), name in ("rootCA", "etcd-ca"))
        self.assertTrue(self.published().startswith((self.certs / "etcd-ca.pem").read_text() + (self.certs / "rootCA.pem").read_text()))

    def test_made_shown_and_used_in_handshakes(self):
        shown = self.terrace("certs", "show", expect=1)
        self.assertIn("certs/rootCA.pem", shown)
        self.assertIn("is not published yet", shown)
        self.assertIn("Published the etcd CA", self.terrace("certs", "create"))
        self.assert_whole()
        text = openssl("x509", "-in", "certs/etcd-server.pem", "-noout", "-text", directory=self.directory)
        for words in ("prime256v1", "DNS:localhost", "DNS:*.etcd.cluster.local", "IP Address:127.0.0.1", "TLS Web Server Authentication"):
            self.assertIn(words, text)

        seen, _ = handshake(self.directory, "site", "ci.cluster.local")
        self.assertIn(("DNS", "*.cluster.local"), seen["subjectAltName"])
        seen, client = handshake(self.directory, "etcd-server", "localhost", client="etcd-client")
        self.assertIn((("commonName", "etcd-client"),), client["subject"])
        handshake(self.directory, "etcd-peer", "a.etcd.cluster.local", client="etcd-peer")
        with self.assertRaises(ssl.SSLError):
            handshake(self.directory, "site", "elsewhere.example")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            handshake(self.directory, "etcd-server", "localhost", client="site")  # no client of etcd
        # What a node makes of the published CA: a key of its own and a certificate that others trust through the root.
        (self.directory / "bundle.pem").write_text(self.published())
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "node-key.pem", "-subj", "/CN=i-1",
                "-addext", "subjectAltName=IP:10.10.1.5", "-out", "node.csr", directory=self.directory)
        openssl("x509", "-req", "-in", "node.csr", "-CA", "bundle.pem", "-CAkey", "bundle.pem", "-copy_extensions", "copy", "-days", "2",
                "-out", "node.pem", directory=self.directory)
        openssl("verify", "-CAfile", "certs/rootCA.pem", "-untrusted", "bundle.pem", "-verify_ip", "10.10.1.5", "node.pem",
                directory=self.directory)

        before = self.files()
        self.assertIn("nothing to make", self.terrace("certs", "create"))
        report = json.loads(self.terrace("certs", "create", "-json"))
        self.assertEqual(report["etcd_ca"], {"parameter": PARAMETER, "published": "same"})
        self.assertEqual(self.files(), before)
        self.assertIn("*.pem", (self.directory / ".gitignore").read_text().split())

    def test_no_secret_leaves(self):
        self.terrace.environment.update(TF_LOG="trace", TF_LOG_PATH=str(self.directory / "log"))
        output = self.terrace("certs", "create") + self.terrace("certs", "show") + self.terrace("certs", "show", "-json")
        log = (self.directory / "log").read_text()
        self.assertIn("PutParameter", log)
        key = openssl("pkey", "-in", "certs/etcd-ca-key.pem", "-passin", "env:P", directory=self.directory)
        encoded = base64.b64encode(self.published().encode()).decode()
        for text in (output, log):
            for secret in (PASSPHRASE, "PRIVATE KEY", key.split("\n")[1], encoded[:60]):
                self.assertNotIn(secret, text)

    def test_renewal_before_the_end(self):
        self.terrace("certs", "create")
        # The same certificate with ten days left, made by openssl.
        openssl("x509", "-in", "certs/site.pem", "-signkey", "certs/site-key.pem", "-x509toreq", "-copy_extensions", "copy",
                "-out", "site.csr", directory=self.directory)
        openssl("x509", "-req", "-in", "site.csr", "-CA", "certs/rootCA.pem", "-CAkey", "certs/rootCA-key.pem", "-passin", "env:P",
                "-copy_extensions", "copy", "-days", "10", "-out", "certs/site.pem", directory=self.directory)
        self.assertEqual(self.states()["site"], "expiring")
        shown = " ".join(self.terrace("certs", "show").split())
        self.assertRegex(shown, 'Warning: A certificate expires soon certs/site.pem is valid for (9|10) more days. "terrace certs renew site"')
        key = (self.certs / "site-key.pem").read_text()
        self.assertIn("certs/site.pem", self.terrace("certs", "renew"))
        self.assertEqual((self.certs / "site-key.pem").read_text(), key)
        self.assert_whole()

    def test_new_keys(self):
        self.terrace("certs", "create")
        before, first = self.files(), self.published()
        self.terrace("certs", "renew", "-new-key", "etcd-ca")
        self.assert_whole()
        self.assertNotEqual(self.files()["etcd-ca-key.pem"], before["etcd-ca-key.pem"])
        # Nodes still trust what the CA before it has signed.
        self.assertIn(before["etcd-ca.pem"], self.published())
        self.assertNotEqual(self.published(), first)
        self.terrace("certs", "renew", "-new-key", "rootCA")
        self.assert_whole()
        self.refused("certs", "renew", "-new-key", words=["name one certificate"])
        self.refused("certs", "renew", "-new-key", "rootCA", "etcd-ca", words=["name one certificate"])

    def test_the_site_stands_for_the_domain(self):
        self.terrace("certs", "create")
        (self.directory / "stacks/vpc/domain.tf").write_text('variable "domain" {\n  type = string\n}\n')
        with open(self.directory / "cluster.tfvars", "a") as values:
            values.write('domain = "harbor.example"\n')
        self.assertEqual(self.states(1)["site"], "stale")
        self.assertEqual(self.terrace("certs", "create").split()[:2], ["Wrote", "certs/site.pem"])
        self.assert_whole()
        handshake(self.directory, "site", "ci.harbor.example")

    def test_a_bought_site_certificate_is_left_alone(self):
        self.terrace("certs", "create")
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "certs/site-key.pem",
                "-subj", "/CN=harbor.example", "-out", "certs/site.pem", directory=self.directory)
        self.assertEqual(self.states()["site"], "foreign")
        self.assertIn("left alone", " ".join(self.terrace("certs", "show").split()))
        before = self.files()
        self.terrace("certs", "create")
        self.terrace("certs", "renew")
        self.assertEqual(self.files(), before)
        self.refused("certs", "renew", "site", words=["was issued by CN=harbor.example", "not written over"])

    def test_bad_input(self):
        self.assertIn("rootCA, etcd-ca, etcd-server, etcd-peer, etcd-client, site",
                      " ".join(self.terrace("certs", "renew", "sites", expect=1).split()))
        del self.terrace.environment["TERRACE_CA_PASSPHRASE"]
        self.refused("certs", "create", words=["set TERRACE_CA_PASSPHRASE"])
        self.terrace.environment["TERRACE_CA_PASSPHRASE"] = "short"
        self.refused("certs", "create", words=["at least 8 characters", "Nothing was changed"])
        self.terrace.environment["TERRACE_CA_PASSPHRASE"] = PASSPHRASE
        self.terrace("certs", "create")
        self.terrace.environment["TERRACE_CA_PASSPHRASE"] = PASSPHRASE + "?"
        self.refused("certs", "renew", "-new-key", "rootCA", words=["certs/rootCA-key.pem: the passphrase does not open"])

    def test_two_operators(self):
        self.terrace("certs", "create")
        other = self.new_directory()
        self.assertIn("is another one than what is published", other.terrace("certs", "show", expect=1))
        before = self.published()
        output = " ".join(other.terrace("certs", "create", expect=1).split())
        self.assertIn("Copy the folder certs/ from the machine where it was made", output)
        self.assertEqual(list((other.directory / "certs").glob("*.pem")), [])
        shutil.copytree(self.certs, other.directory / "certs", dirs_exist_ok=True)
        self.assertIn("nothing to make", other.terrace("certs", "create"))
        self.assertEqual(self.published(), before)
        # Whoever has the certificates without the root's key can do what needs no signature.
        (other.directory / "certs/rootCA-key.pem").unlink()
        other.terrace("certs", "show")
        other.terrace("certs", "renew", "etcd-client")
        self.assertIn("stays with the operator who made it", " ".join(other.terrace("certs", "renew", "site", expect=1).split()))

    def test_one_process_at_a_time(self):
        # The first is held at its request for the parameter; the second must not wait for it, nor work beside it.
        arrived, go_on = threading.Event(), threading.Event()

        def hold(_, request):
            if request.operation == "GetParameter" and not arrived.is_set():
                arrived.set()
                go_on.wait(60)

        self.proxy.before = hold
        first = self.terrace.start("certs", "create")
        self.assertTrue(arrived.wait(60))
        self.assertIn("Another terrace is at work", self.terrace("certs", "create", expect=1))
        go_on.set()
        output, _ = first.communicate(timeout=60)
        self.assertEqual(first.returncode, 0, output)
        self.assert_whole()

    def test_killed_at_any_request_goes_on(self):
        for command, prepare in ((("create",), False), (("renew", "-new-key", "etcd-ca"), True)):
            for kill_before in (True, False):
                point = 0
                while True:
                    point += 1
                    self.moto.reset()
                    shutil.rmtree(self.certs, ignore_errors=True)
                    self.proxy.before = self.proxy.after = None
                    if prepare:
                        self.terrace("certs", "create")
                    process, started = None, len(self.proxy.requests)

                    def kill(index, _):
                        if process is not None and index - started == point:
                            process.kill()

                    setattr(self.proxy, "before" if kill_before else "after", kill)
                    process = self.terrace.start("certs", *command)
                    process.communicate(timeout=60)
                    self.proxy.before = self.proxy.after = None
                    if process.returncode == 0:
                        break
                    self.assertEqual(process.returncode, -9)
                    self.terrace("certs", *command)
                    self.assert_whole()
                self.assertGreater(point, 2)

    def test_the_session_lock_is_honoured(self):
        self.terrace("up", "-auto-approve", "s3")
        lock = {"id": "1", "who": "ada@tower", "created": "2026-01-01T00:00:00Z", "why": "rolling etcd"}
        s3 = world.session(self.moto.endpoint)("s3")
        s3.put_object(Bucket=f"{world.ACCOUNT}-harbor-config", Key="session-lock.json", Body=json.dumps(lock).encode())
        for command in (("create",), ("renew",), ("delete", "-auto-approve")):
            self.refused("certs", *command, words=["ada@tower", "rolling etcd", "Nothing was changed"])
        self.terrace("certs", "show", expect=1)

    def test_delete_leaves_nothing(self):
        self.terrace("certs", "create")
        self.refused("certs", "delete", words=["Nothing was deleted"])
        self.terrace("certs", "delete", "-auto-approve")
        self.assertEqual(self.files(), {})
        self.assertEqual(self.ssm.describe_parameters()["Parameters"], [])
        self.assertIn("There are no certificates", self.terrace("certs", "delete"))
        self.terrace("certs", "create")
        self.assert_whole()

    def at_a_terminal(self, answers, *command):
        """Runs terrace on a terminal of its own and gives each answer when its question stands there; gives (exit code, output)."""
        environment = dict(self.terrace.environment, TERM="xterm")
        environment.pop("TERRACE_CA_PASSPHRASE", None)
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.directory)
            os.execve(self.terrace.program, [self.terrace.program, *command], environment)
        output = ""
        while True:
            if not select.select([terminal], [], [], 60)[0]:
                raise AssertionError("nothing came for a minute after: " + output)
            try:
                data = os.read(terminal, 4096)
            except OSError:  # the other side has ended
                data = b""
            if not data:
                break
            output += data.decode()
            if answers and answers[0][0] in output.rsplit("\n", 1)[-1]:
                os.write(terminal, answers.pop(0)[1].encode())
                output += "\n"
        os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), output

    def test_the_passphrase_is_asked_for_without_an_echo(self):
        code, output = self.at_a_terminal([("New passphrase", PASSPHRASE + "\n"), ("same again", "something else\n")], "certs", "create")
        self.assertEqual(code, 1)
        self.assertIn("The two passphrases differ", output)
        code, output = self.at_a_terminal([("New passphrase", "\x03")], "certs", "create")
        self.assertEqual(code, 1)
        self.assertIn("No passphrase was given", output)
        self.assertEqual(self.files(), {})
        code, output = self.at_a_terminal([("New passphrase", PASSPHRASE + "\n"), ("same again", PASSPHRASE + "\n")], "certs", "create")
        self.assertEqual(code, 0, output)
        self.assertNotIn(PASSPHRASE, output)
        code, output = self.at_a_terminal([("Passphrase of", PASSPHRASE + "\n")], "certs", "renew", "site")
        self.assertEqual(code, 0, output)
        self.assert_whole()


if __name__ == "__main__":
    unittest.main(verbosity=2)
