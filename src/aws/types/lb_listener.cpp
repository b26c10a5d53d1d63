// aws_lb_listener
#include <algorithm>

#include "aws/types/lb.h"
#include "aws/types/types.h"

namespace terrace::aws::types {

namespace {

constexpr const char* kTable = R"(
  alpn_policy string o one_of=HTTP1Only|HTTP2Only|HTTP2Optional|HTTP2Preferred|None api=-
  arn string c api=ListenerArn
  certificate_arn string o api=-
  id string oc api=-
  load_balancer_arn string r new
  port number o
  protocol string oc
  region string oc new api=-
  routing_http_request_x_amzn_mtls_clientcert_header_name string oc api=-
  routing_http_request_x_amzn_mtls_clientcert_issuer_header_name string oc api=-
  routing_http_request_x_amzn_mtls_clientcert_leaf_header_name string oc api=-
  routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name string oc api=-
  routing_http_request_x_amzn_mtls_clientcert_subject_header_name string oc api=-
  routing_http_request_x_amzn_mtls_clientcert_validity_header_name string oc api=-
  routing_http_request_x_amzn_tls_cipher_suite_header_name string oc api=-
  routing_http_request_x_amzn_tls_version_header_name string oc api=-
  routing_http_response_access_control_allow_credentials_header_value string oc api=-
  routing_http_response_access_control_allow_headers_header_value string oc api=-
  routing_http_response_access_control_allow_methods_header_value string oc api=-
  routing_http_response_access_control_allow_origin_header_value string oc api=-
  routing_http_response_access_control_expose_headers_header_value string oc api=-
  routing_http_response_access_control_max_age_header_value string oc api=-
  routing_http_response_content_security_policy_header_value string oc api=-
  routing_http_response_server_enabled bool oc api=-
  routing_http_response_strict_transport_security_header_value string oc api=-
  routing_http_response_x_content_type_options_header_value string oc api=-
  routing_http_response_x_frame_options_header_value string oc api=-
  ssl_policy string oc
  tags map(string) o api=-
  tags_all map(string) oc api=-
  tcp_idle_timeout_seconds number oc api=-
  block default_action list min=1 api=DefaultActions {
    order number oc
    target_group_arn string o
    type string r one_of=forward|authenticate-oidc|authenticate-cognito|redirect|fixed-response|jwt-validation
    block authenticate_cognito list max=1 api=AuthenticateCognitoConfig {
      authentication_request_extra_params map(string) o
      on_unauthenticated_request string oc one_of=deny|allow|authenticate
      scope string oc
      session_cookie_name string oc
      session_timeout number oc
      user_pool_arn string r
      user_pool_client_id string r
      user_pool_domain string r
    }
    block authenticate_oidc list max=1 api=AuthenticateOidcConfig {
      authentication_request_extra_params map(string) o
      authorization_endpoint string r
      client_id string r
      client_secret string r secret
      issuer string r
      on_unauthenticated_request string oc one_of=deny|allow|authenticate
      scope string oc
      session_cookie_name string oc
      session_timeout number oc
      token_endpoint string r
      user_info_endpoint string r
    }
    block fixed_response list max=1 api=FixedResponseConfig {
      content_type string r one_of=text/plain|text/css|text/html|application/javascript|application/json
      message_body string o
      status_code string oc
    }
    block forward list max=1 api=ForwardConfig {
      block stickiness list max=1 api=TargetGroupStickinessConfig {
        duration number r api=DurationSeconds
        enabled bool o default=false
      }
      block target_group set min=1 api=TargetGroups {
        arn string r api=TargetGroupArn
        weight number o default=1
      }
    }
    block jwt_validation list max=1 api=JwtValidationConfig {
      issuer string r
      jwks_endpoint string r
      block additional_claim set api=AdditionalClaims {
        format string r one_of=single-string|string-array|space-separated-values
        name string r
        values set(string) r
      }
    }
    block redirect list max=1 api=RedirectConfig {
      host string o default="#{host}"
      path string o default="/#{path}"
      port string o default="#{port}"
      protocol string o default="#{protocol}" one_of=#{protocol}|HTTP|HTTPS
      query string o default="#{query}"
      status_code string r one_of=HTTP_301|HTTP_302
    }
  }
  block mutual_authentication list max=1 {
    advertise_trust_store_ca_names string oc one_of=on|off
    ignore_client_certificate_expiry bool o
    mode string r one_of=off|passthrough|verify
    trust_store_arn string o
  }
  block timeouts single api=- {
    create string o
    update string o
  }
)";

constexpr Kind kListeners{"elbv2", "DescribeListeners", "", "ListenerArns", "Listeners", "ListenerArn", 20};

constexpr unsigned kWeb = 1, kStream = 2;
constexpr KeyedAttribute kAttributes[] = {
    {"routing_http_request_x_amzn_mtls_clientcert_header_name",
     "routing.http.request.x_amzn_mtls_clientcert.header_name", kWeb},
    {"routing_http_request_x_amzn_mtls_clientcert_issuer_header_name",
     "routing.http.request.x_amzn_mtls_clientcert_issuer.header_name", kWeb},
    {"routing_http_request_x_amzn_mtls_clientcert_leaf_header_name",
     "routing.http.request.x_amzn_mtls_clientcert_leaf.header_name", kWeb},
    {"routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name",
     "routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name", kWeb},
    {"routing_http_request_x_amzn_mtls_clientcert_subject_header_name",
     "routing.http.request.x_amzn_mtls_clientcert_subject.header_name", kWeb},
    {"routing_http_request_x_amzn_mtls_clientcert_validity_header_name",
     "routing.http.request.x_amzn_mtls_clientcert_validity.header_name", kWeb},
    {"routing_http_request_x_amzn_tls_cipher_suite_header_name",
     "routing.http.request.x_amzn_tls_cipher_suite.header_name", kWeb},
    {"routing_http_request_x_amzn_tls_version_header_name", "routing.http.request.x_amzn_tls_version.header_name",
     kWeb},
    {"routing_http_response_access_control_allow_credentials_header_value",
     "routing.http.response.access_control_allow_credentials.header_value", kWeb},
    {"routing_http_response_access_control_allow_headers_header_value",
     "routing.http.response.access_control_allow_headers.header_value", kWeb},
    {"routing_http_response_access_control_allow_methods_header_value",
     "routing.http.response.access_control_allow_methods.header_value", kWeb},
    {"routing_http_response_access_control_allow_origin_header_value",
     "routing.http.response.access_control_allow_origin.header_value", kWeb},
    {"routing_http_response_access_control_expose_headers_header_value",
     "routing.http.response.access_control_expose_headers.header_value", kWeb},
    {"routing_http_response_access_control_max_age_header_value",
     "routing.http.response.access_control_max_age.header_value", kWeb},
    {"routing_http_response_content_security_policy_header_value",
     "routing.http.response.content_security_policy.header_value", kWeb},
    {"routing_http_response_server_enabled", "routing.http.response.server.enabled", kWeb},
    {"routing_http_response_strict_transport_security_header_value",
     "routing.http.response.strict_transport_security.header_value", kWeb},
    {"routing_http_response_x_content_type_options_header_value",
     "routing.http.response.x_content_type_options.header_value", kWeb},
    {"routing_http_response_x_frame_options_header_value", "routing.http.response.x_frame_options.header_value", kWeb},
    {"tcp_idle_timeout_seconds", "tcp.idle_timeout.seconds", kStream}};

// A certificate that was just made is not known to the load balancers yet.
constexpr const char* kNotYet = "CertificateNotFound|UnsupportedCertificate";

bool is_application(const Json& attributes) {
  return string_of(attributes, "load_balancer_arn").find("loadbalancer/app/") != std::string::npos;
}
std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char ch) { return std::toupper(ch); });
  return text;
}

std::string protocol_of(const Json& attributes) {
  std::string protocol = upper(string_of(attributes, "protocol"));
  return protocol.empty() && is_application(attributes) ? "HTTP" : protocol;
}
unsigned kind_of(const Json& attributes) {
  return protocol_of(attributes).starts_with("HTTP") ? kWeb : kStream;
}

Json listener_params(Context& c, const char* operation) {
  Json params = to_api(c.rows, c.planned, input_shape(c, "elbv2", operation));
  std::string protocol = protocol_of(c.planned);
  if (!protocol.empty()) params["Protocol"] = protocol;
  if (!string_of(c.planned, "certificate_arn").empty())
    params["Certificates"] = Json::array({one_member("CertificateArn", c.planned["certificate_arn"])});
  if (!string_of(c.planned, "alpn_policy").empty())
    params["AlpnPolicy"] = Json::array({string_of(c.planned, "alpn_policy")});
  return params;
}

Task<bool> put_attributes(Context& c) {
  Json list = keyed_changes(c, kAttributes, kind_of(c.planned));
  bool ok = co_await put_keyed(c, "ModifyListenerAttributes", "ListenerArn", std::move(list));
  co_return ok;
}

Task<bool> create(Context& c) {
  Json params = listener_params(c, "CreateListener");
  Json tags = tag_list(c.planned["tags_all"]);
  if (!tags.empty()) params["Tags"] = std::move(tags);
  ApiResult made = co_await call_while(c, "elbv2", "CreateListener", std::move(params), kNotYet,
                                       timeout_of(c, "create", std::chrono::minutes(5)));
  if (!made) co_return c.fail(made.error(), "creating");
  c.state["id"] = (*made)["Listeners"][0]["ListenerArn"];
  bool ok = co_await put_attributes(c);
  co_return ok;
}

// An action's blocks as AWS has them; what AWS does not tell again, such as a client's secret, stays as it was.
Json blocks_of(const std::vector<Row>& rows, const Json& object, const Json& before) {
  Json state = before.is_object() ? before : Json::object();
  // Blocks count as written, so that from_api takes them.
  for (const Row& row : rows) {
    if (!row.is_block) {
      if (!state.contains(row.name)) state[row.name] = nullptr;
      continue;
    }
    const Json known = first_block(state, row.name.c_str());
    state[row.name] = Json::array();
    auto given = object.find(row.api);
    if (given == object.end()) continue;
    std::vector<Json> objects;
    if (given->is_array()) {
      objects.assign(given->begin(), given->end());
    } else {
      objects.push_back(*given);
    }
    for (const Json& each : objects)
      state[row.name].push_back(blocks_of(row.rows, each, row.nesting == schema::Nesting::kSet ? Json() : known));
  }
  return from_api(rows, object, state);
}

// AWS tells a single target group both ways: as the action's own and as what it forwards to.
void settle_forward(Json& action, const Json& before) {
  const Json forward = first_block(action, "forward");
  if (forward.is_null()) return;
  bool written_as_block = before.is_object() && !before["forward"].empty();
  bool written_alone = before.is_object() && !string_of(before, "target_group_arn").empty();
  if (!before.is_object() || (!written_as_block && !written_alone)) {
    bool alone = forward["target_group"].size() == 1;
    written_alone = alone;
    written_as_block = !alone;
  }
  if (!written_as_block) {
    if (action["target_group_arn"].is_null() && forward["target_group"].size() == 1)
      action["target_group_arn"] = forward["target_group"][0]["arn"];
    action["forward"] = Json::array();
    return;
  }
  if (!written_alone) action["target_group_arn"] = nullptr;
  // Without stickiness AWS tells that there is none.
  const Json stickiness = first_block(forward, "stickiness");
  const Json known = before.is_object() ? first_block(first_block(before, "forward"), "stickiness") : Json();
  if (known.is_null() && (stickiness.is_null() || !bool_of(stickiness, "enabled")))
    action["forward"][0]["stickiness"] = Json::array();
  if (known.is_object() && stickiness.is_object() && stickiness["duration"].is_null())
    action["forward"][0]["stickiness"][0]["duration"] = known["duration"];
}

void take_actions(Context& c, const Json& listener, const Json& before) {
  auto row = std::find_if(c.rows.begin(), c.rows.end(), [](const Row& each) { return each.name == "default_action"; });
  Json actions = Json::array();
  std::vector<Json> given;
  for (const Json& action : listener.value("DefaultActions", Json::array())) given.push_back(action);
  // In the order in which they are tried.
  std::stable_sort(given.begin(), given.end(),
                   [](const Json& a, const Json& b) { return a.value("Order", 0) < b.value("Order", 0); });
  const Json known = before["default_action"].is_array() ? before["default_action"] : Json::array();
  for (std::size_t i = 0; i < given.size(); ++i) {
    const Json old = i < known.size() && known[i]["type"] == given[i]["Type"] ? known[i] : Json();
    Json action = blocks_of(row->rows, given[i], old);
    settle_forward(action, old);
    actions.push_back(std::move(action));
  }
  c.state["default_action"] = std::move(actions);
}

Task<bool> read(Context& c) {
  Json before = c.state;
  Result<Json, ApiError> found = co_await c.describe(kListeners, c.text("id"));
  if (!found) co_return c.fail(found.error(), "reading");
  const Json& listener = *found;
  if (listener.is_null()) {
    c.state = nullptr;
    co_return true;
  }
  c.state = from_api(c.rows, listener, c.state);
  c.state["id"] = listener["ListenerArn"];
  take_actions(c, listener, before);
  if (c.state["protocol"].is_null()) c.state["protocol"] = "";
  bool encrypted = string_of(c.state, "protocol") == "HTTPS" || string_of(c.state, "protocol") == "TLS";
  if (!encrypted || c.state["ssl_policy"].is_null()) c.state["ssl_policy"] = string_of(before, "ssl_policy");
  const Json certificates = listener.value("Certificates", Json::array());
  take_text(c, "certificate_arn", certificates.empty() ? "" : string_of(certificates[0], "CertificateArn"));
  const Json alpn = listener.value("AlpnPolicy", Json::array());
  take_text(c, "alpn_policy", alpn.empty() ? "" : alpn[0].get<std::string>());
  Json params = one_member("ListenerArn", c.state["id"]);
  ApiResult attributes = co_await c.backend.batches().share("elbv2", "DescribeListenerAttributes", params, c.region);
  // Some partitions have no such operation.
  if (!attributes && !is_code(attributes.error(), {"InvalidAction"}))
    co_return c.fail(attributes.error(), "reading attributes of");
  if (attributes)
    take_keyed(c, kAttributes, kind_of(c.state), keyed_values(attributes->value("Attributes", Json::array())));
  bool ok = co_await read_lb_tags(c);
  co_return ok;
}

Task<bool> update(Context& c) {
  bool own = false;
  for (const char* name :
       {"alpn_policy", "certificate_arn", "default_action", "mutual_authentication", "port", "protocol", "ssl_policy"})
    own = own || c.changed(name);
  if (own) {
    Json params = listener_params(c, "ModifyListener");
    params["ListenerArn"] = c.state["id"];
    if (c.changed("mutual_authentication") && c.planned["mutual_authentication"].empty())
      params["MutualAuthentication"] = one_member("Mode", "off");
    if (c.changed("alpn_policy") && string_of(c.planned, "alpn_policy").empty())
      params["AlpnPolicy"] = Json::array({"None"});
    ApiResult done = co_await call_while(c, "elbv2", "ModifyListener", std::move(params), kNotYet,
                                         timeout_of(c, "update", std::chrono::minutes(5)));
    if (!done) co_return c.fail(done.error(), "updating");
  }
  bool ok = co_await put_attributes(c);
  if (ok) ok = co_await update_lb_tags(c);
  co_return ok;
}

Task<bool> remove(Context& c) {
  Json params = one_member("ListenerArn", c.state["id"]);
  ApiResult done = co_await c.call("elbv2", "DeleteListener", std::move(params));
  if (!done && !is_code(done.error(), {"ListenerNotFound"})) co_return c.fail(done.error(), "deleting");
  co_return true;
}

// A balancer has one listener a port; it does not tell when it was made, so its tags must agree.
Task<bool> recover(Context& c) {
  if (string_of(c.planned, "load_balancer_arn").empty()) co_return true;
  Json params = one_member("LoadBalancerArn", c.planned["load_balancer_arn"]);
  ApiResult all = co_await c.backend.batches().share_all("elbv2", "DescribeListeners", params, c.region);
  if (!all && is_code(all.error(), {"LoadBalancerNotFound"})) co_return true;
  if (!all) co_return c.fail(all.error(), "looking for");
  for (const Json& listener : all->value("Listeners", Json::array())) {
    if (listener.value("Port", Json()) != c.planned["port"]) continue;
    Result<bool, ApiError> ours = co_await has_lb_tags(c, string_of(listener, "ListenerArn"));
    if (!ours) co_return c.fail(ours.error(), "looking for");
    if (*ours) c.state["id"] = listener["ListenerArn"];
  }
  co_return true;
}

void plan(const Json& config, const Json& prior, Json& planned, std::vector<std::string>& unknown,
          std::vector<std::string>&) {
  if (!string_of(planned, "protocol").empty()) planned["protocol"] = upper(string_of(planned, "protocol"));
  if (prior.is_object() && prior["protocol"] != planned["protocol"] && config["ssl_policy"].is_null())
    unknown.push_back("ssl_policy");
}

std::vector<std::string> validate(const Json& config) {
  static constexpr std::pair<const char*, const char*> kBlocks[] = {{"authenticate-cognito", "authenticate_cognito"},
                                                                    {"authenticate-oidc", "authenticate_oidc"},
                                                                    {"fixed-response", "fixed_response"},
                                                                    {"jwt-validation", "jwt_validation"},
                                                                    {"redirect", "redirect"}};
  std::vector<std::string> problems;
  for (const Json& action : config["default_action"]) {
    std::string type = string_of(action, "type");
    for (const auto& [needed, block] : kBlocks) {
      bool given = action[block].is_array() && !action[block].empty();
      if (type == needed && !given)
        problems.push_back("default_action: an action of the type " + type + " needs a block \"" + block + "\"");
      if (type != needed && given)
        problems.push_back("default_action: a block \"" + std::string(block) + "\" says nothing for the type " + type);
    }
    bool forwards = action["forward"].is_array() && !action["forward"].empty();
    bool alone = !string_of(action, "target_group_arn").empty();
    if (type == "forward" && !forwards && !alone)
      problems.push_back(
          "default_action: an action of the type forward needs \"target_group_arn\" or a block \"forward\"");
    if (type != "forward" && (forwards || alone))
      problems.push_back("default_action: only an action of the type forward has target groups");
  }
  return problems;
}

}  // namespace

ResourceType lb_listener() {
  ResourceType type;
  type.name = "aws_lb_listener";
  type.table = kTable;
  type.service = "elbv2";
  type.title = "ELBv2 Listener";
  type.tags = TagStyle::kOther;
  type.create = create;
  type.read = read;
  type.update = update;
  type.remove = remove;
  type.recover = recover;
  type.plan = plan;
  type.validate = validate;
  type.reads = "elbv2:DescribeListenerAttributes elbv2:DescribeListeners elbv2:DescribeTags";
  type.changes =
      "elbv2:AddTags elbv2:CreateListener elbv2:DeleteListener elbv2:ModifyListener "
      "elbv2:ModifyListenerAttributes elbv2:RemoveTags";
  return type;
}

}  // namespace terrace::aws::types
