#!/bin/sh
# Stands for the program in tests: parses, prints and draws what the files of its folder say.
case "$*" in
--parse-only*wrong*)
    echo "error: unexpected argument '--wrong' found" >&2
    exit 2
    ;;
--parse-only*) exit 0 ;;
*broken*)
    echo "error: it is broken" >&2
    exit 1
    ;;
serve*)
    echo "listening on 127.0.0.1:1234"
    exec sleep 60
    ;;
timeline*)
    while [ "$1" != --svg ]; do shift; done
    cp drawing.svg "$2"
    cat drawing.json
    ;;
*) cat "printed-$1" ;;
esac
