#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# The Debian packages, built and installed on Debian 12: see inside/deb.
exec "$(dirname "$0")/session" bookworm deb
