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
  private var isDiskFull = false

  init(in world: WorldParts, files: StoreFiles, mutant: Mutant?) {
    self.world = world
    self.files = files
    self.mutant = mutant
    mutation = StoreMutation(mutant)
    life = Life(world.timeline)
    disk = SimulatedDisk(of: life)
    if mutant == .syncDoesNothing { disk.change { $0.pretendsToSync = true } }
  }

  // MARK: Coming and going

  func start() {
    isDown = false
    world.timeline.note("busd starts")
    let life = life
    do {
      broker = try Broker(
        configuration, on: ground, logger: Logger(label: "busd") { _ in SwiftLogNoOpLogHandler() },
        now: { life.timeline.wall }, random: { life.timeline.random() },
        failed: { life.fail("\($0)") })
      try broker?.open()
    } catch {
      world.timeline.tell("busd does not start: \(error)")
      let isExpected = !life.isAlive || isDiskFull || syncFailed
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
    do { try store?.release() } catch { world.ledger.violate("I6", "the store does not close: \(error)") }
    (store, broker) = (nil, nil)
    // What a failed sync left behind cannot be known: it is as if the power had been cut.
    let isLost = !hasPower || syncFailed
    syncFailed = false
    life = Life(world.timeline)
    disk = isLost ? disk.afterPowerCut(for: life) : disk.afterKill(for: life)
    if isDiskFull { disk.change { $0.isFull = true } }
    world.timeline.after(microseconds) { [self] in start() }
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

  func fill(_ isFull: Bool) {
    isDiskFull = isFull
    disk.change { $0.isFull = isFull }
    store?.faults.isFull = isFull
  }

  /// Nothing goes wrong any more.
  func mend() {
    fill(false)
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
    var configuration = BrokerConfiguration(
      endpoints: BrokerEndpoints(requests: "requests", live: "live", intake: "intake"), stateDirectory: "",
      version: "simulated", processID: 1)
    configuration.spoolDirectory = SimulatedBusd.spoolDirectory
    configuration.storePath = files.path
    configuration.spool = SimulatedBusd.spoolOptions
    configuration.lease = world.lease
    return configuration
  }

  private var ground: BrokerGround {
    BrokerGround(disk: disk) { [self] path, random throws(StoreError) in
      let inner = try SQLiteJobStore(path: path, random: random)
      let store = SimulatedStore(inner, life: life, witness: world.witness, mutation: mutation)
      store.faults.isFull = isDiskFull
      self.store = store
      // The world's thread is the only one that there is.
      nonisolated(unsafe) let sent: any JobStore = store
      return sent
    } makeLoops: { [self] _, _ in
      nonisolated(unsafe) let loops = BrokerGround.Loops(
        socket: Lane(life: life, longestTurn: 100), spool: Lane(life: life, longestTurn: 3000),
        store: Lane(life: life, longestTurn: 3000), reading: Lane(life: life, longestTurn: 1000),
        sockets: SimulatedSockets(life: life, network: world.network))
      return loops
    }
  }
}
