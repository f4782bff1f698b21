internal import BusBroker
internal import BusProtocol
internal import BusSpool
internal import BusStore
internal import Logging

/// busd itself, with its real loops, on a machine of the world: killed, cut off from power, and started again.
final class SimulatedBusd {
  private let world: WorldParts
  private let files: StoreFiles
  private let mutant: Mutant?
  private let mutation: StoreMutation?
  private(set) var life: Life
  private(set) var disk: SimulatedDisk
  private(set) var store: SimulatedStore?
  private var broker: Broker?
  /// Whether it is down, and will be started.
  private(set) var isDown = true
  private var fullness = Fullness.none
  private var fullnessChanges = 0
  private var roomSince: Int64?

  /// What has no room.
  enum Fullness { case none, spool, all }

  init(in world: WorldParts, files: StoreFiles, mutant: Mutant?) {
    self.world = world
    self.files = files
    self.mutant = mutant
    mutation = StoreMutation(mutant)
    life = Life(world.timeline)
    disk = SimulatedDisk(of: life)
    disk.change { faults in
      faults.pretendsToSync = mutant == .syncDoesNothing
      faults.hidesFailures = mutant == .failedSyncIsSilent
    }
  }

  // MARK: Coming and going

  func start() {
    isDown = false
    world.timeline.note("busd starts")
    let life = life
    do {
      if mutant == .ownersAreForgotten { disk.forget("\(SimulatedBusd.spoolDirectory)/owners") }
      broker = try Broker(
        configuration, on: ground, logger: Logger(label: "busd") { _ in SwiftLogNoOpLogHandler() },
        now: { life.timeline.wall }, random: { life.timeline.random() },
        failed: { life.fail("\($0)") })
      try broker?.open()
    } catch {
      world.timeline.tell("busd does not start: \(error)")
      let isExpected = !life.isAlive || fullness != .none || syncFailed
      world.ledger.check("I6", isExpected, "busd does not start: \(error)")
      life.kill()
    }
  }

  /// Looks after it, as its supervisor does: one that died comes back.
  func look() {
    if life.isAlive, let failure = life.failure {
      world.timeline.tell("busd ends: \(failure)")
      life.kill()
    }
    guard !life.isAlive, !isDown else { return }
    bury(hasPower: true, downFor: 50_000 + world.timeline.below(1_000_000))
  }

  /// `kill -9`.
  func kill(downFor microseconds: Int64) {
    guard !isDown else { return }
    life.kill()
    bury(hasPower: true, downFor: microseconds)
  }

  /// The machine loses its power.
  func cutPower(downFor microseconds: Int64) {
    guard !isDown else { return }
    life.kill()
    bury(hasPower: false, downFor: microseconds)
  }

  private func bury(hasPower: Bool, downFor microseconds: Int64) {
    isDown = true
    world.timeline.note(hasPower ? "busd is dead" : "the power is gone")
    world.network.busdIsGone(within: hasPower ? 50_000 : 5_000_000)
    closeStore()
    broker = nil
    // What a failed sync left behind cannot be known: it is as if the power had been cut.
    let isLost = !hasPower || syncFailed
    syncFailed = false
    life = Life(world.timeline)
    disk = isLost ? disk.afterPowerCut(for: life) : disk.afterKill(for: life)
    if fullness != .none { disk.change { $0.isFull = true } }
    world.timeline.after(microseconds) { [self] in start() }
  }

  private func closeStore() {
    do { if let store { try files.close(store.inner) } } catch {
      world.ledger.violate("I6", "the store does not close: \(error)")
    }
    store = nil
  }

  /// The world is over.
  func leave() {
    life.kill()
    closeStore()
    do { try files.release() } catch { world.ledger.violate("I6", "the store cannot be emptied: \(error)") }
  }

  // MARK: Faults

  private var syncFailed = false

  func pause(for microseconds: Int64) { life.pause(for: microseconds) }

  func dieSoon(afterDiskCalls calls: Int) { disk.change { $0.deathAfter = calls } }

  func dieSoon(in place: StoreFaults.Death, after transactions: Int) {
    store?.faults.death = (place, transactions)
  }

  func failSync() {
    syncFailed = true
    disk.change { $0.failsSync = true }
  }

  func failStore() { store?.faults.failsForGood = true }

  func fill(_ fullness: Fullness) {
    fullnessChanges += 1
    roomSince = fullness == .none ? world.timeline.now : nil
    self.fullness = fullness
    if mutant != .roomIsNotNoticed || fullness != .none { disk.change { $0.isFull = fullness != .none } }
    store?.faults.isFull = fullness == .all
  }

  /// When it is looked at whether room is noticed: the spool asks for it ten times a second.
  private static let afterFullness: ClosedRange<Int64> = 200_000...3_000_000

  private var storeHasRoom: Bool { fullness == .spool && store?.faults.failsForGood == false }

  private var trouble: DiskTrouble {
    if life.hasFailedSync { return .syncFailed }
    guard fullness == .none else { return .full(fullnessChanges, storeHasRoom: storeHasRoom) }
    guard let roomSince, SimulatedBusd.afterFullness.contains(world.timeline.now - roomSince) else { return .none }
    return .roomAgain(fullnessChanges)
  }

  /// Nothing goes wrong any more.
  func mend() {
    fill(.none)
    syncFailed = false
    disk.change { faults in
      faults.deathAfter = nil
      faults.failsSync = false
    }
    store?.faults = StoreFaults()
  }

  func retain() { if life.isAlive, !isDown { broker?.retain() } }

  // MARK: What it stands on

  static let spoolDirectory = "/spool"
  static var spoolOptions: SpoolOptions { SpoolOptions(segmentByteCount: 1 << 20, preallocates: false) }

  private var configuration: BrokerConfiguration {
    // A door that asks for keys is one that reaches beyond the machine.
    let place = world.rules == nil ? "" : "tcp://127.0.0.1:"
    var configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(requests: "\(place)1", live: "\(place)2", intake: "\(place)3"), stateDirectory: "",
      topology: world.rules, version: "simulated", processID: 1)
    configuration.spoolDirectory = SimulatedBusd.spoolDirectory
    configuration.spool = SimulatedBusd.spoolOptions
    // There nothing is left to others, so that a full disk is found out by writing to it.
    if world.rules != nil { configuration.spool.reserve = nil }
    configuration.lease = world.lease
    return configuration
  }

  private var ground: BrokerGround {
    BrokerGround(disk: disk) { [self] _, random throws(StoreError) in
      let inner = try files.open(random: random)
      let store = SimulatedStore(inner, life: life, witness: world.witness, mutation: mutation)
      store.faults.isFull = fullness == .all
      self.store = store
      // The world's thread is the only one that there is.
      nonisolated(unsafe) let sent: any JobStore = store
      return sent
    } makeLoops: { [self] _, _ in
      nonisolated(unsafe) let loops = BrokerGround.Loops(
        socket: Lane(life: life, longestTurn: 100), spool: Lane(life: life, longestTurn: 3000),
        store: Lane(life: life, longestTurn: 3000), reading: Lane(life: life, longestTurn: 1000),
        sockets: SimulatedSockets(
          life: life, network: world.network,
          witness: SocketWitness(
            world.ledger, trouble: { [unowned self] in trouble },
            counted: { [unowned self] in broker?.deniedCount ?? 0 }),
          tails: mutant == .passedSurvivesFailedCommit ? PassedTails() : nil))
      return loops
    }
  }
}
