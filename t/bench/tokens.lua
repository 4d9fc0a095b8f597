-- SPDX-License-Identifier: Apache-2.0
-- wrk: each request with the next token of the file named by TOKENS; an empty file means none.
local tokens = {}
for line in io.lines(os.getenv("TOKENS")) do
    tokens[#tokens + 1] = "Bearer " .. line
end
local at = 0
request = function()
    if #tokens > 0 then
        at = at % #tokens + 1
        wrk.headers["Authorization"] = tokens[at]
    end
    return wrk.format("GET")
end
