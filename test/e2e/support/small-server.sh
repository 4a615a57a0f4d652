#!/bin/sh
# An MCP server over stdio that costs next to nothing, so that a hundred of them fit on one machine.
# $1: its name. $2: folder: it ends at once when the file "$2/broken-$1" is there, and answers nothing before "$2/open" is.
[ -e "$2/broken-$1" ] && exit 1
echo $$ >"$2/started-$1"
while [ ! -e "$2/open" ]; do sleep 0.1; done
say() { printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$1"; }
while IFS= read -r line; do
  case $line in *'"id":'*) ;; *) continue ;; esac
  id=${line#*'"id":'}
  id=${id%%[,\}]*}
  case $line in
    *'"method":"initialize"'*)
      say "{\"protocolVersion\":\"2025-11-25\",\"capabilities\":{\"tools\":{}},\"serverInfo\":{\"name\":\"$1\",\"version\":\"1.0.0\"}}" ;;
    *'"method":"tools/list"'*)
      say "{\"tools\":[{\"name\":\"hello\",\"description\":\"Says hello as $1\",\"inputSchema\":{\"type\":\"object\"}}]}" ;;
    *'"method":"tools/call"'*) say "{\"content\":[{\"type\":\"text\",\"text\":\"hello from $1\"}]}" ;;
    *'"method":"ping"'*) say '{}' ;;
    *) printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"Method not found"}}\n' "$id" ;;
  esac
done
