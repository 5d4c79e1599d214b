#!/usr/bin/env bash
# `start` starts dockerd if none runs, as root; `stop` ends the one that `start` started, and no
# other.
set -euo pipefail

state=${TMPDIR:-/tmp}/usergrid-auth-dockerd
case ${1-} in
    start)
        if docker version >/dev/null 2>&1; then
            exit 0
        fi
        command -v dockerd >/dev/null || { echo "there is no dockerd; Debian has the package docker.io" >&2; exit 1; }
        [ "$(id -u)" = 0 ] || { echo "dockerd does not run, and only root can start it" >&2; exit 1; }
        mkdir -p "$state"
        setsid dockerd >"$state/log" 2>&1 </dev/null &
        echo $! >"$state/pid"
        for _ in $(seq 300); do
            if docker version >/dev/null 2>&1; then
                exit 0
            fi
            kill -0 "$(cat "$state/pid")" 2>/dev/null || break
            sleep 0.1
        done
        tail -n 20 "$state/log" >&2
        echo "dockerd does not start; the end of its log is above" >&2
        bash "$0" stop
        exit 1
        ;;
    stop)
        [ -e "$state/pid" ] || exit 0
        pid=$(cat "$state/pid")
        kill "$pid" 2>/dev/null || true
        # It takes its containerd along, and the next start must not meet either.
        for _ in $(seq 300); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        rm -r "$state"
        ;;
    *)
        echo "usage: integration/dockerd.sh start | stop" >&2
        exit 2
        ;;
esac
