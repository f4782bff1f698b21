/// One thing that goes wrong in a world, and when.
struct Fault: Hashable, Sendable {
  enum Kind: Hashable, Sendable {
    /// busd is killed, and down for a while.
    case killBusd(downFor: Int64)
    /// The power of busd's machine goes.
    case cutPower(downFor: Int64)
    /// busd dies in one of its next calls that write to its disk.
    case killBusdAtDiskCall(Int)
    /// busd dies before, in or after one of its next transactions.
    case killBusdInStore(StoreFaults.Death, after: Int)
    /// busd stands still.
    case pauseBusd(Int64)
    /// A sync fails.
    case failSync
    /// A transaction fails for good.
    case failStore
    /// The disk of busd is full for a while.
    case fillDisk(Int64)
    case killPublisher(Int)
    /// A publisher dies in one of its next calls that write to its disk.
    case killPublisherAtDiskCall(Int, Int)
    case pausePublisher(Int, Int64)
    case killEngine(Int)
    /// An engine's process is asked to end, and another comes.
    case stopEngine(Int)
    case pauseEngine(Int, Int64)
    /// A connection breaks; its ends hear of it after their times.
    case cutConnection(Int, clientHears: Int64, busdHears: Int64)
    /// A client asks again what it asked.
    case repeatRequests(Int)
    /// Live messages find no room for a while.
    case dropLive(Int, Int64)
    /// Messages take long for a while.
    case slowNetwork(Int64)
    /// The wall clock jumps.
    case stepClock(Int64)
  }

  /// Microseconds from the world's beginning.
  let at: Int64
  let kind: Kind
}

extension Fault {
  static let publisherCount = 2
  static let engineCount = 2
  /// Publishers, engines, the service and the listener.
  static let clientCount = publisherCount + engineCount + 2

  /// The faults of a seed, in order of time.
  static func plan(seed: UInt64, count: Int, through end: Int64) -> [Fault] {
    var random = SplitMix64(state: seed ^ 0xFA17_FA17_FA17_FA17)
    let faults = (0..<count).map { _ in Fault(at: random.below(end), kind: Kind(&random)) }
    return faults.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
  }
}

extension Fault.Kind {
  init(_ random: inout SplitMix64) {
    let publisher = Int(random.below(Int64(Fault.publisherCount)))
    let engine = Int(random.below(Int64(Fault.engineCount)))
    let client = Int(random.below(Int64(Fault.clientCount)))
    switch random.below(100) {
    case 0..<8: self = .killBusd(downFor: 10_000 + random.below(2_000_000))
    case 8..<16: self = .cutPower(downFor: 10_000 + random.below(2_000_000))
    case 16..<22: self = .killBusdAtDiskCall(Int(random.below(12)))
    case 22..<30:
      let places: [StoreFaults.Death] = [.before, .inside, .after]
      self = .killBusdInStore(places[Int(random.below(3))], after: Int(random.below(8)))
    case 30..<33: self = .pauseBusd(10_000 + random.below(5_000_000))
    case 33..<36: self = .failSync
    case 36..<38: self = .failStore
    case 38..<41: self = .fillDisk(50_000 + random.below(3_000_000))
    case 41..<46: self = .killPublisher(publisher)
    case 46..<50: self = .killPublisherAtDiskCall(publisher, Int(random.below(10)))
    case 50..<52: self = .pausePublisher(publisher, 10_000 + random.below(5_000_000))
    case 52..<60: self = .killEngine(engine)
    case 60..<63: self = .stopEngine(engine)
    case 63..<70: self = .pauseEngine(engine, 10_000 + random.below(6_000_000))
    case 70..<79:
      // Half-open for up to seven seconds: then the heartbeats of the sockets have found it.
      let isSeen = random.below(2) == 0
      let (clientHears, busdHears) = (
        random.below(isSeen ? 5_000 : 7_000_000), random.below(isSeen ? 5_000 : 7_000_000)
      )
      self = .cutConnection(client, clientHears: clientHears, busdHears: busdHears)
    case 79..<84: self = .repeatRequests(client)
    case 84..<91: self = .dropLive(client, 10_000 + random.below(3_000_000))
    case 91..<95: self = .slowNetwork(10_000 + random.below(2_000_000))
    default:
      let steps: [Int64] = [1, 30, 90, 3600, 86_400]
      let step = steps[Int(random.below(Int64(steps.count)))] * 1_000_000
      self = .stepClock(random.below(2) == 0 ? step : -step)
    }
  }
}
