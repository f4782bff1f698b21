import Bus
import BusProtocol
import Foundation
import Synchronization
import Testing

extension EndToEnd {
  /// All processes are replaced while events come in without a pause.
  @Suite(.timeLimit(.minutes(5))) struct UpgradeUnderLoadTests {
    @Test(arguments: [[], ["--fleet"]])
    func `EH4 EH5 S0-5 an upgrade under a thousand jobs a second loses, cuts and repeats none`(
      strategy: [String]
    ) async throws {
      let site = try Site()
      let crew = try await Crew(site, processes: 3, workers: "concurrency: 8, shutdown: 20s")
      let old = try await crew.processes().compactMap(\.pid)
      #expect(old.count == 3)
      let looks = Looks(crew.view)
      let published = try await site.withClient { client in
        let load = Load(client, rate: 1000)
        async let published: Void = load.run()
        async let looked: Void = looks.run()
        try await addSlowJobs(client)
        try await eventually("the load is on") { site.evidence.count > 1000 }
        let begin = Moment.now
        // Three in a row: with more processes gone than there ever are, and each kind of moment met.
        for _ in 1...3 {
          let upgrade = try site.start("bus", ["upgrade", "fixture"] + strategy)
          #expect(try await upgrade.end(within: .seconds(120)) == 0, "\(upgrade.text)")
          #expect(upgrade.text.contains("fixture  3 of 3 replaced in "))
          #expect(upgrade.text.contains("none was cut short"))
        }
        let end = Moment.now
        try await eventually("the load goes on") { load.count(at: .now) > load.count(at: end) + 1000 }
        load.stop()
        looks.stop()
        _ = try await (published, looked)
        let all = load.count(at: .now)
        try await eventually(within: .seconds(120), "all are done") { Runs(site).numbers.count >= all }
        let runs = Runs(site)
        print(
          "upgrade \(strategy): \(load.count(at: end) - load.count(at: begin)) events in \(end.value - begin.value) ms,",
          "longest gap without a job \(runs.longestGap(from: begin, to: end)) ms, \(looks.count) looks,",
          "most processes \(looks.most)")
        return all
      }
      let runs = Runs(site)
      #expect(runs.numbers.count == published, "no job ran twice")
      #expect(Set(runs.numbers) == Set(1...published), "no job was lost")
      #expect(runs.attempts == ["1"], "no job was cut")
      #expect(site.evidence.count { $0[0] == "start" } == 60)
      #expect(site.evidence.count { $0[0] == "end" } == 60)
      #expect(looks.fewestReady >= 3, "as many as are wanted were ready in each of \(looks.count) looks")
      #expect(looks.most <= (strategy.isEmpty ? 4 : 6))
      let new = try await crew.processes()
      #expect(new.count == 3)
      #expect(new.allSatisfy { $0.state == "ready" && $0.restarts == 0 }, "none crashed: \(new)")
      #expect(Set(new.compactMap(\.pid)).isDisjoint(with: old))
      for pid in old { #expect(kill(pid, 0) != 0) }
      try await crew.end()
    }

    @Test func `EH4 S0-5 events are handled while the old processes still finish their jobs`() async throws {
      let site = try Site()
      let crew = try await Crew(site, processes: 2, workers: "concurrency: 2, shutdown: 60s")
      try await site.withClient { client in
        for key in 1...2 {
          _ = try await client.enqueue("Hold", engine: "fixture", ["key": key.jsonValue], workerLock: "hold(\(key))")
        }
        try await eventually("both run: \(crew.work.text)") { site.evidence.count { $0[0] == "held" } == 2 }
        let upgrade = try site.start("bus", ["upgrade", "fixture", "--fleet"])
        try await crew.waitUntil("the old ones finish their work") {
          $0.count { $0.state == "ready" } == 2 && $0.count { $0.state == "draining" } == 2
        }
        let begin = Moment.now
        client.publish("counted", ["number": 1])
        try await eventually(within: .seconds(30), "the event is handled") { Runs(site).numbers == [1] }
        let gap = Moment.now.value - begin.value
        print("an event was handled after \(gap) ms while all that had the subscription were finishing")
        #expect(gap < 3000)
        #expect(try await crew.processes().count { $0.state == "draining" } >= 1)
        for key in 1...2 { try site.release(key) }
        #expect(try await upgrade.end(within: .seconds(60)) == 0, "\(upgrade.text)")
      }
      #expect(site.evidence.count { $0[0] == "released" && $0[2] == "1" } == 2)
      try await crew.end()
    }

    /// Some of a fifth of a second, so that there is one in a hand whenever a process is told to end.
    private func addSlowJobs(_ client: BusClient) async throws {
      for number in 1...60 {
        _ = try await client.enqueue(
          "Slow", engine: "fixture", ["key": (number % 6).jsonValue, "number": number.jsonValue, "milliseconds": 200],
          workerLock: "fixture.Slow(\(number % 6))")
      }
    }
  }
}

/// Milliseconds of the clock that the fixture writes.
struct Moment: Comparable {
  let value: Int

  static var now: Moment {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Moment(value: time.tv_sec * 1000 + time.tv_nsec / 1_000_000)
  }

  static func < (left: Moment, right: Moment) -> Bool { left.value < right.value }
}

/// Events "counted" with the numbers from one on, so many in a second until it is stopped.
final class Load: Sendable {
  private struct State {
    /// When each hundredth of a second's events were published, and how many there were then.
    var history: [(at: Moment, count: Int)] = []
    var isStopped = false
  }

  private let client: BusClient
  private let rate: Int
  private let state = Mutex(State())

  init(_ client: BusClient, rate: Int) {
    self.client = client
    self.rate = rate
  }

  func run() async throws {
    let begin = Moment.now
    var count = 0
    try await steadily(every: .milliseconds(10)) {
      // As many as are due: a tick that comes late makes up for itself.
      let due = (Moment.now.value - begin.value) * rate / 1000
      while count < due {
        count += 1
        client.publish("counted", ["number": count.jsonValue])
      }
      return state.withLock { state in
        state.history.append((.now, count))
        return !state.isStopped
      }
    }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  /// How many were published up to a moment.
  func count(at moment: Moment) -> Int {
    state.withLock { $0.history.last { $0.at <= moment }?.count ?? 0 }
  }
}

/// A look at the processes each 20 ms until it is stopped.
final class Looks: Sendable {
  private struct State {
    var count = 0
    var fewestReady = Int.max
    var most = 0
    var isStopped = false
  }

  private let crew: Crew.View
  private let state = Mutex(State())

  init(_ crew: Crew.View) { self.crew = crew }

  func run() async throws {
    try await steadily(every: .milliseconds(20)) {
      let processes = try await crew.processes()
      return state.withLock { state in
        state.count += 1
        state.fewestReady = min(state.fewestReady, processes.count { $0.state == "ready" && kill($0.pid ?? 0, 0) == 0 })
        state.most = max(state.most, processes.count)
        return !state.isStopped
      }
    }
  }

  func stop() { state.withLock { $0.isStopped = true } }

  var count: Int { state.withLock { $0.count } }
  var fewestReady: Int { state.withLock { $0.fewestReady } }
  var most: Int { state.withLock { $0.most } }
}

/// What the jobs "Count" of a site wrote.
struct Runs {
  let numbers: [Int]
  let attempts: Set<String>
  private let moments: [Int]

  init(_ site: Site) {
    let lines = site.evidence.filter { $0.count == 5 && $0[0] == "count" }
    numbers = lines.compactMap { Int($0[1]) }
    attempts = Set(lines.map { $0[2] })
    moments = lines.compactMap { Int($0[4]) }
  }

  /// The longest time in which none ran.
  func longestGap(from begin: Moment, to end: Moment) -> Int {
    let inside = [begin.value] + moments.filter { (begin.value...end.value).contains($0) }.sorted() + [end.value]
    return zip(inside, inside.dropFirst()).map { $1 - $0 }.max() ?? 0
  }
}
