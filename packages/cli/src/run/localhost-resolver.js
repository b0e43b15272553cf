// Preloaded into a user's Node program (any version), hence plain JavaScript: resolves names below
// .localhost to loopback, as RFC 6761 section 6.3 asks and some systems' resolvers do not. All other
// names go to the resolver that was there before.
import dns from 'node:dns'
import { syncBuiltinESMExports } from 'node:module'
import { promisify } from 'node:util'

const isLoopbackName = (host) => typeof host === 'string' && /(^|\.)localhost\.?$/i.test(host)

const answersFor = (options) => {
  const all = [
    { address: '127.0.0.1', family: 4 },
    { address: '::1', family: 6 },
  ]
  const family = options.family === 'IPv6' ? 6 : options.family === 'IPv4' ? 4 : options.family
  const asked = family === 4 || family === 6 ? all.filter((one) => one.family === family) : all
  return options.all ? asked : asked[0]
}

const systemLookup = dns.lookup
dns.lookup = function lookup(...args) {
  const [hostname, options] = args
  if (!isLoopbackName(hostname)) return systemLookup.apply(this, args)
  const done = typeof options === 'function' ? options : args[2]
  const wanted =
    typeof options === 'number'
      ? { family: options }
      : typeof options === 'object' && options
        ? options
        : {}
  const answer = answersFor(wanted)
  process.nextTick(() =>
    wanted.all ? done(null, answer) : done(null, answer.address, answer.family),
  )
  return {}
}

const systemLookupPromise = dns.promises.lookup
dns.promises.lookup = async function lookup(...args) {
  const [hostname, options] = args
  if (!isLoopbackName(hostname)) return systemLookupPromise.apply(this, args)
  return answersFor(typeof options === 'number' ? { family: options } : (options ?? {}))
}

// util.promisify(dns.lookup) answers an object, not the first argument of the callback.
dns.lookup[promisify.custom] = dns.promises.lookup

syncBuiltinESMExports()
