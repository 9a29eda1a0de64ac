#!/bin/sh
# Makes the api_token with which a partner's user enters the chat page, and asks who it is of.
# Runs on the partner's server, where the client key is a secret. Needs openssl and curl.
#
#   sh api_token.sh CLIENT_ID client_key.pem 42 Alice
set -eu
client_id=$1 key_file=$2 user_id=$3 username=$4

case "$client_id$user_id$username" in
  *"|"*) echo "a name cannot contain the character |" >&2; exit 2 ;;
esac
inner=$(printf '%s|%s|%s|%s' "$client_id" "$user_id" "$username" "$(date +%s)" |
  openssl pkeyutl -encrypt -pubin -inkey "$key_file" \
    -pkeyopt rsa_padding_mode:oaep -pkeyopt rsa_oaep_md:sha256 -pkeyopt rsa_mgf1_md:sha256 |
  openssl base64 -A)
token=$(printf '%s|%s' "$client_id" "$inner" | openssl base64 -A)
echo "$token"

# exchanged for a session, as the chat page does it:
#   curl -X POST -H "Api-Token: $token" https://concierge.example/api/v1/token-exchange
