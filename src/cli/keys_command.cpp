// keys: the cluster's ssh key. It lies in three places: keys/ of the cluster directory (0600), EC2's key pairs (the
// public half), and the config bucket (encrypted by KMS), from where another operator's machine gets it.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "cli/cluster_access.h"
#include "cli/commands.h"
#include "cli/nodes.h"
#include "cli/session.h"
#include "cluster/objects.h"
#include "pki/openssh.h"

namespace terrace::cli {

namespace {

using Json = nlohmann::json;

// Where the key is, as far as it is known.
struct Places {
  std::optional<std::string> local;   // the private key's text
  std::optional<std::string> stored;  // the same in the config bucket
  std::string pair_id;                // key-..., empty where EC2 has none of this name
  std::string pair_public;            // "ssh-ed25519 AAAA..." as EC2 has it, with or without a comment
};

// Whether two lines of a public key are the same key, whatever their comments.
bool is_same_key(const std::string& a, const std::string& b) {
  return pki::openssh_sha256(a) == pki::openssh_sha256(b);
}

class Keys {
 public:
  explicit Keys(Context& context) : context_(context), access_(context) {}

  // Looks at all places. Where `changing`, somebody else's lock on the cluster is honoured. False after an error was
  // shown.
  bool open(bool changing) {
    if (!access_.connect() || (changing && !access_.check_session_lock())) return false;
    name_ = access_.values().name;
    Result<std::string, FileError> text = context_.files.read(key_path(name_));
    if (text) places_.local = std::move(*text);
    if (!text && !text.error().not_found()) {
      context_.fail("The private key can't be read", text.error().message);
      return false;
    }
    return find_pair() && find_stored();
  }

  int create();
  int remove(bool approved);
  int exists(bool json);
  int add();

 private:
  std::string object_key() const { return "keypairs/" + name_ + ".pem"; }
  bool has_bucket() { return access_.was_created("s3"); }
  bool find_pair();
  bool find_stored();
  bool write_local(const std::string& text);
  bool write_public(const std::string& half);
  bool pair_is_other(const std::string& half) const {
    return !places_.pair_id.empty() && !is_same_key(places_.pair_public, half);
  }
  bool stored_is_other() const { return places_.stored && places_.local && *places_.stored != *places_.local; }
  bool import_pair(const std::string& public_text);
  bool store();
  bool add_to_agent();
  bool has_agent() const { return !context_.environment.get("SSH_AUTH_SOCK").empty(); }

  Context& context_;
  ClusterAccess access_;
  std::string name_;
  Places places_;
};

bool Keys::find_pair() {
  Json filter = Json::object();
  filter["Name"] = "key-name";
  filter["Values"] = Json::array({name_});
  Json params = Json::object();
  params["Filters"] = Json::array({filter});
  params["IncludePublicKey"] = true;
  aws::ApiResult answer = context_.loop.run(access_.aws().client().call("ec2", "DescribeKeyPairs", params));
  if (!answer) return access_.fail("Reading key pairs", answer.error()) == 0;
  for (const Json& pair : answer->value("KeyPairs", Json::array())) {
    places_.pair_id = pair.value("KeyPairId", "");
    places_.pair_public = pair.value("PublicKey", "");
  }
  return true;
}

bool Keys::find_stored() {
  if (!has_bucket()) return true;
  Result<std::optional<cluster::StoredObject>, aws::ApiError> object =
      context_.loop.run(cluster::read_object(access_.aws(), access_.bucket("config"), object_key()));
  if (!object) return access_.fail("Reading the stored key", object.error()) == 0;
  if (object->has_value()) places_.stored = std::move((*object)->body);
  return true;
}

bool Keys::write_local(const std::string& text) {
  std::optional<std::string> half = pki::openssh_public_half(text);
  if (!half) return context_.fail("The key can't be read", "It is no private key of OpenSSH's format.") == 0;
  if (!write_public(*half)) return false;
  Status<FileError> written = context_.files.write_atomic(key_path(name_), text, 0600);
  if (!written) return context_.fail("The private key was not written", written.error().message) == 0;
  context_.print(fmt::format("Wrote {} (0600) and {}.pub\n", key_path(name_), key_path(name_)));
  places_.local = text;
  return true;
}

bool Keys::write_public(const std::string& half) {
  Status<FileError> written = context_.files.make_directories(directory_of(key_path(name_)));
  if (written) written = context_.files.write_atomic(key_path(name_) + ".pub", half + " " + name_ + "\n", 0644);
  return written || context_.fail("The public key was not written", written.error().message) == 0;
}

bool Keys::import_pair(const std::string& public_text) {
  Json params = Json::object();
  params["KeyName"] = name_;
  params["PublicKeyMaterial"] = aws::base64_encode(public_text);
  Json tag = Json::object();
  tag["Key"] = "Cluster";
  tag["Value"] = name_;
  Json tags = Json::object();
  tags["ResourceType"] = "key-pair";
  tags["Tags"] = Json::array({tag});
  params["TagSpecifications"] = Json::array({tags});
  aws::ApiResult answer = context_.loop.run(access_.aws().client().call("ec2", "ImportKeyPair", params));
  if (!answer) return access_.fail("Importing the key pair", answer.error()) == 0;
  places_.pair_id = answer->value("KeyPairId", "");
  context_.print(fmt::format("EC2 has the key pair {} ({})\n", name_, places_.pair_id));
  return true;
}

bool Keys::store() {
  if (!has_bucket()) {
    context_.print(
        "The config bucket was never created, so the key is not stored there yet: run this again after \"terrace up "
        "s3\".\n");
    return true;
  }
  Result<bool, aws::ApiError> written = context_.loop.run(cluster::write_secret_object(
      access_.aws(), access_.bucket("config"), object_key(), *places_.local, "application/x-pem-file"));
  if (!written) return access_.fail("Storing the key", written.error()) == 0;
  context_.print(fmt::format("Stored in s3://{}/{}, encrypted by KMS\n", access_.bucket("config"), object_key()));
  return true;
}

// False when a running agent did not take it.
bool Keys::add_to_agent() {
  if (!has_agent()) {
    context_.print("No ssh-agent is running (SSH_AUTH_SOCK is not set), so the key was not added to one.\n");
    return true;
  }
  aws::SystemProcessRunner processes;
  Result<std::string, std::string> added = processes.run("ssh-add -q \"" + key_path(name_) + "\"");
  if (!added) return context_.fail("The ssh-agent did not take the key", added.error()) == 0;
  context_.print("Added to the ssh-agent\n");
  return true;
}

// Every step that is done already is left alone, so that an interrupted run goes on.
int Keys::create() {
  if (!places_.local && places_.stored) {
    if (!write_local(*places_.stored)) return 1;
  } else if (!places_.local) {
    if (!places_.pair_id.empty())
      return context_.fail("The private key is elsewhere",
                           fmt::format("EC2 has a key pair {} ({}), but neither {} nor the config bucket has its "
                                       "private half. Fetch it from the machine that made it, or \"terrace keys "
                                       "delete\" and make a new one.",
                                       name_, places_.pair_id, key_path(name_)));
    Result<pki::PrivateKey, std::string> key = pki::make_key(pki::KeyKind::kEd25519);
    if (!key) return context_.fail("The key was not made", key.error());
    if (!write_local(pki::openssh_private(*key, name_, context_.random))) return 1;
  }
  std::optional<std::string> half = pki::openssh_public_half(*places_.local);
  if (!half)
    return context_.fail("The private key can't be read",
                         key_path(name_) + " is no private key of OpenSSH's format. Move it away and run this again.");
  if (pair_is_other(*half))
    return context_.fail(
        "EC2 has another key",
        fmt::format("The key pair {} ({}) is not the one of {}. Move that file away and run this again "
                    "to fetch the stored one, or \"terrace keys delete\" to begin anew.",
                    name_, places_.pair_id, key_path(name_)));
  if (stored_is_other())
    return context_.fail("Two different keys",
                         fmt::format("{} and s3://{}/{} are not the same key. Move the wrong one away: \"terrace keys "
                                     "delete\" removes both and the key pair.",
                                     key_path(name_), access_.bucket("config"), object_key()));
  if (!context_.files.exists(key_path(name_) + ".pub") && !write_public(*half)) return 1;
  if (places_.pair_id.empty() && !import_pair(*half + " " + name_)) return 1;
  if (!places_.stored && !store()) return 1;
  if (!add_to_agent()) return 1;
  context_.print(
      fmt::format("{} is ready. Nodes launched after the next \"terrace up\" take it.\n", pki::openssh_sha256(*half)));
  return 0;
}

int Keys::remove(bool approved) {
  if (!places_.local && !places_.stored && places_.pair_id.empty()) {
    context_.print("There is no key of this cluster.\n");
    return 0;
  }
  if (!approved &&
      !approve(context_, "Do you really want to delete the cluster's ssh key?",
               fmt::format("  {}, the key pair in EC2 and the copy in the config bucket go. Nodes that have "
                           "it keep it.\n  Only 'yes' will be accepted to confirm.",
                           key_path(name_)))) {
    context_.print("Nothing was deleted.\n");
    return 1;
  }
  if (places_.local && has_agent()) {
    aws::SystemProcessRunner processes;
    (void)processes.run("ssh-add -q -d \"" + key_path(name_) + "\"");  // it may not have been there
  }
  if (!places_.pair_id.empty()) {
    Json params = Json::object();
    params["KeyName"] = name_;
    aws::ApiResult answer = context_.loop.run(access_.aws().client().call("ec2", "DeleteKeyPair", params));
    if (!answer) return access_.fail("Deleting the key pair", answer.error());
  }
  if (places_.stored) {
    Result<bool, aws::ApiError> removed =
        context_.loop.run(cluster::remove_object(access_.aws(), access_.bucket("config"), object_key()));
    if (!removed) return access_.fail("Deleting the stored key", removed.error());
  }
  for (const std::string& path : {key_path(name_) + ".pub", key_path(name_)}) {
    Status<FileError> removed = context_.files.remove(path);
    if (!removed) return context_.fail("The key file was not deleted", removed.error().message);
  }
  context_.print("The cluster's ssh key is deleted: file, key pair and stored copy.\n");
  return 0;
}

int Keys::exists(bool json) {
  std::optional<std::string> half = places_.local ? pki::openssh_public_half(*places_.local) : std::nullopt;
  bool other_pair = half && pair_is_other(*half);
  bool all = places_.local && places_.stored && !places_.pair_id.empty() && !other_pair && !stored_is_other();
  if (json) {
    nlohmann::ordered_json report = {{"name", name_},
                                     {"file", places_.local ? nlohmann::ordered_json(key_path(name_)) : nullptr},
                                     {"key_pair_id", places_.pair_id},
                                     {"key_pair_is_same", !places_.pair_id.empty() && half && !other_pair},
                                     {"stored", places_.stored.has_value()},
                                     {"stored_is_same", places_.stored && places_.local && !stored_is_other()},
                                     {"fingerprint", half ? pki::openssh_sha256(*half) : ""}};
    context_.print(report.dump(2) + "\n");
    return all ? 0 : 1;
  }
  std::string pair = places_.pair_id.empty() ? "missing" : places_.pair_id;
  std::string stored = places_.stored ? "s3://" + access_.bucket("config") + "/" + object_key()
                       : has_bucket() ? "missing"
                                      : "the stack s3 was never created";
  context_.print(fmt::format("file        {}\n", places_.local ? key_path(name_) : "missing"));
  context_.print(fmt::format("key pair    {}{}\n", pair, other_pair ? ", another key" : ""));
  context_.print(fmt::format("stored      {}{}\n", stored, stored_is_other() ? ", another key" : ""));
  if (half) context_.print("fingerprint " + pki::openssh_sha256(*half) + "\n");
  return all ? 0 : 1;
}

int Keys::add() {
  if (!places_.local && !places_.stored)
    return context_.fail(
        "There is no key to add",
        "Neither the cluster directory nor the config bucket has one. \"terrace keys create\" makes it.");
  if (!places_.local && !write_local(*places_.stored)) return 1;
  if (!has_agent())
    return context_.fail("No ssh-agent is running",
                         "SSH_AUTH_SOCK is not set. Start one with: eval $(ssh-agent), and run this again.");
  return add_to_agent() ? 0 : 1;
}

int create_command(Context& context, const Arguments& arguments) {
  Flags flags(
      "keys create",
      "Makes the cluster's ssh key (Ed25519), imports it into EC2, stores it in the config bucket and adds it to "
      "a running ssh-agent. What is there already is left alone.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Keys keys(context);
  return keys.open(true) ? keys.create() : 1;
}

int delete_command(Context& context, const Arguments& arguments) {
  bool approved = false;
  Flags flags("keys delete [options]", "Deletes the cluster's ssh key everywhere.");
  flags.boolean("auto-approve", &approved, "Skip the question.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Keys keys(context);
  return keys.open(true) ? keys.remove(approved) : 1;
}

int exists_command(Context& context, const Arguments& arguments) {
  bool json = false;
  Flags flags("keys exists [options]", "Says where the cluster's ssh key is. Exit code 1 where a place lacks it.");
  flags.boolean("json", &json, "Write the answer as JSON.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Keys keys(context);
  return keys.open(false) ? keys.exists(json) : 1;
}

int add_command(Context& context, const Arguments& arguments) {
  Flags flags("keys add",
              "Adds the cluster's ssh key to the running ssh-agent; fetches it from the config bucket first "
              "where this machine does not have it.");
  Arguments rest;
  if (auto code = context.parse(flags, arguments, &rest)) return *code;
  Keys keys(context);
  return keys.open(false) ? keys.add() : 1;
}

constexpr Command kSubcommands[] = {
    {"create", "Make the key and put it everywhere it belongs", create_command, true},
    {"exists", "Say where the key is", exists_command, true},
    {"add", "Add the key to the running ssh-agent", add_command, true},
    {"delete", "Delete the key everywhere", delete_command, true},
};

}  // namespace

std::string key_path(const std::string& cluster) {
  return "keys/" + cluster + ".pem";
}

int keys_command(Context& context, const Arguments& arguments) {
  return run_subcommand(context, "keys",
                        "The cluster's ssh key: file, EC2 key pair, and the copy in the config bucket.", kSubcommands,
                        arguments);
}

}  // namespace terrace::cli
