#include "base/tls_peer.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string_view>

namespace terrace {

Result<std::string, std::string> CurlTlsPeer::certificates(const std::string& host, int port, bool verify) {
  std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
  CURL* easy = handle.get();
  std::string url = "https://" + host + ":" + std::to_string(port) + "/";
  std::array<char, CURL_ERROR_SIZE> error{};
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
  curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 30L);
  curl_easy_setopt(easy, CURLOPT_TIMEOUT, 30L);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error.data());
  if (!verify) {
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  CURLcode code = curl_easy_perform(easy);
  if (code != CURLE_OK) {
    return Failure<std::string>{url + ": " + (error[0] != '\0' ? error.data() : curl_easy_strerror(code))};
  }
  curl_certinfo* shown = nullptr;
  curl_easy_getinfo(easy, CURLINFO_CERTINFO, &shown);
  std::string pem;
  for (int i = 0; shown != nullptr && i < shown->num_of_certs; ++i) {
    for (const curl_slist* entry = shown->certinfo[i]; entry != nullptr; entry = entry->next) {
      constexpr std::string_view kField = "Cert:";
      std::string_view text = entry->data;
      if (text.starts_with(kField)) pem += std::string(text.substr(kField.size())) + "\n";
    }
  }
  if (pem.empty()) return Failure<std::string>{url + ": the server showed no certificate"};
  return pem;
}

}  // namespace terrace
