internal import BusProtocol
internal import BusTopology

/// How much all processes of a principal may send together. Pure: the moment comes in.
///
/// There are as many as the topology has principals with limits; a limit that changes begins anew.
struct PrincipalQuotas {
  private struct Share {
    let limits: PrincipalLimits
    var desk: QuotaDesk
  }

  private var shares: [Name: Share] = [:]

  /// How long the principal has to wait before it sends; nil when it may now.
  func wait(of principal: Name, _ limits: PrincipalLimits, now: ContinuousClock.Instant) -> Duration? {
    guard let share = shares[principal], share.limits == limits else { return nil }
    return share.desk.wait(of: .plain, now: now)
  }

  /// The principal has sent that much.
  mutating func charge(
    _ principal: Name, _ limits: PrincipalLimits, events: Int, bytes: Int, now: ContinuousClock.Instant
  ) {
    guard limits.events != nil || limits.bytes != nil else { return }
    var share = shares[principal] ?? Share(limits: limits, desk: QuotaDesk(limits))
    if share.limits != limits { share = Share(limits: limits, desk: QuotaDesk(limits)) }
    // One sender at each desk.
    share.desk.charge(.plain, events: events, bytes: bytes, now: now)
    shares[principal] = share
  }
}

extension QuotaDesk {
  fileprivate init(_ limits: PrincipalLimits) {
    var definition = LimitsDefinition()
    (definition.events, definition.bytes) = (limits.events, limits.bytes)
    self.init(definition)
  }
}
