# SPDX-License-Identifier: Apache-2.0
# `make help`: prints "target: ...  ## text" lines below their "##@ Heading".
BEGIN { FS = ":.*## " }
/^##@ / { printf "\n%s\n", substr($0, 5) }
/^[a-z][a-z-]*:.*## / { printf "  make %-10s %s\n", $1, $2 }
