#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# DKMS builds and installs the module on Debian 12: see inside/dkms.
exec "$(dirname "$0")/session" bookworm dkms
