-- For wrk: another token with every request, out of a range that begins anew at its end; and the
-- result as a line of JSON.
-- Arguments: prefix of the tokens, first number, how many, path.
local prefix, first, count, path
local sent = 0

function init(args)
  prefix, first, count, path = args[1], tonumber(args[2]), tonumber(args[3]), args[4]
end

function request()
  local token = prefix .. string.format("%07d", first + sent % count)
  sent = sent + 1
  return wrk.format("GET", path, { ["host"] = "bench", ["authorization"] = "Bearer " .. token })
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests":%d,"refused":%d,"failed":%d,"p50":%d}\n',
    summary.requests, errors.status, errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50)))
end
