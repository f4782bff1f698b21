internal import BusProtocol

extension TopologyReader {
  mutating func limits(_ bus: Fields) -> LimitsDefinition {
    var limits = LimitsDefinition.standard
    guard let node = bus.node(BusKeys.limits), let fields = fields(node, LimitsKeys.table, of: "bus.limits") else {
      return limits
    }
    limits.payload = value(LimitsKeys.payload, in: fields).map { Int(clamping: $0.bytes) } ?? limits.payload
    limits.sessions = value(LimitsKeys.sessions, in: fields) ?? limits.sessions
    limits.subscriptions = value(LimitsKeys.subscriptions, in: fields) ?? limits.subscriptions
    limits.events = value(LimitsKeys.events, in: fields)
    limits.bytes = value(LimitsKeys.bytes, in: fields)
    return limits
  }
}
