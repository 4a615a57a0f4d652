#!/bin/sh
# An MCP server over stdio that costs next to nothing, so that a hundred of them fit on one machine. Its tools `slow_read` and
# `slow` write their `id` as a line to the file $1, then take 20 ms.
say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
tool() { printf '{"name":"%s","description":"counts its runs","inputSchema":{"type":"object","properties":{"id":{"type":"string"}}}}' "$1"; }
while IFS= read -r line; do
  case $line in *'"id":'*) ;; *) continue ;; esac
  # the id of a run is text and comes in the params; that of a request is a number
  run=${line#*'"id":"'}
  run=${run%%\"*}
  id=
  rest=$line
  while [ -n "$rest" ]; do
    case $rest in *'"id":'*) ;; *) break ;; esac
    rest=${rest#*'"id":'}
    case $rest in [0-9]*) id=${rest%%[!0-9]*} ;; esac
  done
  [ -n "$id" ] || continue
  case $line in
    *'"method":"initialize"'*)
      say '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"counting","version":"1.0.0"}}' ;;
    *'"method":"tools/list"'*) say "{\"tools\":[$(tool slow),$(tool slow_read)]}" ;;
    *'"method":"tools/call"'*)
      printf '%s\n' "$run" >>"$1"
      sleep 0.02
      say "{\"content\":[{\"type\":\"text\",\"text\":\"ran $run\"}]}" ;;
    *'"method":"ping"'*) say '{}' ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id" ;;
  esac
done
