#!/usr/bin/env bash
# Verifies one webhook with openssl: WEBHOOK_SECRET=whsec_... verify.sh ID TIMESTAMP SIGNATURE <BODY
set -euo pipefail
id=$1 timestamp=$2 signature=$3

[[ $timestamp =~ ^[0-9]{1,12}$ ]] || exit 1
age=$(($(date +%s) - timestamp))
((age >= -300 && age <= 300)) || exit 1

key=$(printf %s "${WEBHOOK_SECRET#whsec_}" | base64 -d | od -An -v -tx1 | tr -d ' \n')
expected=$({ printf '%s.%s.' "$id" "$timestamp" && cat; } |
    openssl dgst -sha256 -mac HMAC -macopt "hexkey:$key" -binary | base64 -w 0)
[[ " $signature " == *" v1,$expected "* ]]
