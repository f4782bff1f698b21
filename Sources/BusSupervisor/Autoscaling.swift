/// How many processes a program has by its load: as many as are configured, and more while its jobs wait for too long.
public struct Autoscaling: Sendable, Equatable {
  /// How many there may be.
  public var maximum: Int
  /// How long a job may wait.
  public var latency: Duration
  /// After how long without such waiting there is one fewer.
  public var calm: Duration

  /// A rule; what makes no sense is held within sense.
  public init(maximum: Int, latency: Duration = .seconds(5), calm: Duration = .seconds(60)) {
    self.maximum = max(1, maximum)
    self.latency = max(.milliseconds(1), latency)
    self.calm = max(.zero, calm)
  }
}

/// Decides how many processes there are to be: soon more, slowly fewer.
struct Autoscaler: Equatable {
  /// The most by which a number is multiplied at once.
  static let maximumFactor = 2.0
  /// So long the next look at the same backlog waits: those that were added have to take from it first.
  static let settleTime = Duration.seconds(3)

  let rule: Autoscaling
  let minimum: Int
  private var raisedAt: ContinuousClock.Instant?
  private var calmSince: ContinuousClock.Instant?

  init(_ rule: Autoscaling, minimum: Int) {
    self.rule = rule
    self.minimum = minimum
  }

  private var maximum: Int { max(minimum, rule.maximum) }

  /// How many there are to be, when that many are and the oldest job has waited for so long.
  ///
  /// `areReady` is whether all of them work: more of what does not start would not help.
  mutating func decide(
    _ wanted: Int, latency: Duration, areReady: Bool, now: ContinuousClock.Instant
  ) -> Int {
    guard (minimum...maximum).contains(wanted) else { return min(maximum, max(minimum, wanted)) }
    if latency > rule.latency {
      calmSince = nil
      return areReady ? raised(wanted, by: latency / rule.latency, now: now) : wanted
    }
    // Between the half and the whole everything is as it should be.
    guard latency <= rule.latency / 2 else {
      calmSince = nil
      return wanted
    }
    guard let since = calmSince else {
      calmSince = now
      return wanted
    }
    guard now - since >= rule.calm, wanted > minimum else { return wanted }
    calmSince = now
    return wanted - 1
  }

  private mutating func raised(_ wanted: Int, by ratio: Double, now: ContinuousClock.Instant) -> Int {
    if let last = raisedAt, now - last < Autoscaler.settleTime { return wanted }
    raisedAt = now
    let grown = (Double(wanted) * min(ratio, Autoscaler.maximumFactor)).rounded(.up)
    return min(maximum, max(wanted + 1, Int(grown)))
  }
}

extension SupervisorLoop {
  /// How long the oldest ready job of each engine has waited: those that scale by it get more or fewer processes.
  mutating func weigh(_ loads: [String: Duration], now: ContinuousClock.Instant) -> [ProcessPool.Action] {
    guard pool.isServing else { return [] }
    return pool.crews.indices.flatMap { crew -> [ProcessPool.Action] in
      let (name, wanted) = (pool.crews[crew].definition.name, pool.crews[crew].wanted)
      guard var scaler = scalers[crew], let latency = loads[name], !setByHand.contains(crew),
        !pool.crews[crew].isQuiet, pool.crews[crew].upgrade == nil
      else { return [] }
      let next = scaler.decide(wanted, latency: latency, areReady: pool.readyCount(crew) >= wanted, now: now)
      scalers[crew] = scaler
      guard next != wanted else { return [] }
      let notice = SupervisorNotice.scaled(from: wanted, to: next, latency: latency)
      return [.report(name, notice)] + pool.scale(crew, to: next, now: now)
    }
  }
}
