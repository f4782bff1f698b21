import BusProtocol
import Testing

@testable import BusSupervisor

/// More processes while jobs wait, fewer when none does.
@Suite(.timeLimit(.minutes(1)))
struct AutoscalingTests {
  static let rule = Autoscaling(maximum: 10, latency: .seconds(5), calm: .seconds(60))

  /// A queue and its workers, second by second.
  struct World {
    var scaler = Autoscaler(AutoscalingTests.rule, minimum: 2)
    var now = ContinuousClock.now
    var wanted = 2
    var history: [Int] = []

    /// Looks every two seconds for so long, with a latency that goes on from the last.
    mutating func pass(_ duration: Duration, areReady: Bool = true, latency: (Duration) -> Duration) {
      let begin = now
      while now - begin < duration {
        now += .seconds(2)
        wanted = scaler.decide(wanted, latency: latency(now - begin), areReady: areReady, now: now)
        history.append(wanted)
      }
    }
  }

  @Test func `S1-3 a burst of ten times the load has all workers within twenty seconds, and more within ten`() {
    var world = World()
    world.pass(.seconds(10)) { $0 }
    #expect(world.wanted > 2, "the oldest job gets a second older each second: \(world.history)")
    world.pass(.seconds(10)) { $0 + .seconds(10) }
    #expect(world.wanted == 10, "\(world.history)")
    world.pass(.seconds(100)) { _ in .seconds(500) }
    #expect(world.wanted == 10, "never more than there may be")
  }

  @Test func `S1-3 after the burst they go one after the other, down to as many as are configured`() {
    var world = World()
    world.pass(.seconds(20)) { $0 + .seconds(5) }
    let most = world.wanted
    #expect(most == 10)
    world.pass(.seconds(60)) { _ in .zero }
    #expect(world.wanted == 10, "a minute without waiting comes first")
    world.pass(.seconds(4)) { _ in .zero }
    #expect(world.wanted == 9)
    world.history = []
    world.pass(.seconds(1000)) { _ in .seconds(1) }
    #expect(world.wanted == 2)
    #expect(zip([9] + world.history, world.history).allSatisfy { $0 - $1 <= 1 })
  }

  @Test func `a load between half and whole changes nothing, and one that comes and goes lets none go`() {
    var world = World()
    world.wanted = 5
    world.pass(.seconds(1000)) { _ in .seconds(4) }
    #expect(Set(world.history) == [5])
    world.pass(.seconds(1000)) { $0 / .seconds(50) - ($0 / .seconds(50)).rounded(.down) < 0.5 ? .zero : .seconds(4) }
    #expect(Set(world.history) == [5])
  }

  @Test func `a step is as large as the need, and there is none before the last has had its time`() {
    var scaler = Autoscaler(Self.rule, minimum: 2)
    let now = ContinuousClock.now
    #expect(scaler.decide(4, latency: .milliseconds(5100), areReady: true, now: now) == 5)
    #expect(scaler.decide(5, latency: .seconds(50), areReady: true, now: now + .seconds(2)) == 5)
    #expect(scaler.decide(5, latency: .seconds(50), areReady: true, now: now + .seconds(3)) == 10)
    #expect(scaler.decide(5, latency: .seconds(50), areReady: false, now: now + .seconds(9)) == 5, "they still start")
    #expect(scaler.decide(0, latency: .zero, areReady: true, now: now) == 2)
    #expect(scaler.decide(50, latency: .seconds(50), areReady: true, now: now) == 10)
    var none = Autoscaler(Self.rule, minimum: 0)
    #expect(none.decide(0, latency: .seconds(6), areReady: true, now: now) == 1, "also from none")
  }

  @Test func `what people wish holds against the load, over a restart too, until they let it go`() async throws {
    let desk = try ControlTests.Desk()
    var definition = ControlTests.shell("exec sleep 1000", count: 1)
    definition.autoscaling = Autoscaling(maximum: 4, latency: .seconds(1), calm: .zero)
    for isFirst in [true, false] {
      let (loads, feed) = AsyncStream.makeStream(of: [String: Duration].self)
      let (wishes, wish) = AsyncStream.makeStream(of: StopWish.self)
      let control = isFirst ? desk.control : try ControlServer(directory: desk.directory, name: "work")
      let supervisor = Supervisor([definition], environment: [:], scales: desk.scales, tell: { _ in })
      async let outcome = supervisor.run(until: wishes, control: control, loads: loads)
      if isFirst {
        _ = try await desk.processes { $0 == ["a.1": "ready"] }
        feed.yield(["a": .seconds(9), "b": .seconds(9)])
        _ = try await desk.processes { $0.count == 2 && $0.values.allSatisfy { $0 == "ready" } }
        #expect(desk.scales.load() == [:], "that is nobody's wish")
        _ = try await desk.ask(.scale(["a": .to(3)]))
      }
      _ = try await desk.processes { $0.count == 3 && $0.values.allSatisfy { $0 == "ready" } }
      feed.yield(["a": .seconds(9)])
      feed.yield(["a": .zero])
      feed.yield(["a": .zero])
      let engine = try #require(try await desk.ask(.processes).last)
      #expect(engine["wanted"] == 3)
      #expect(engine["maximum"] == 4)
      #expect(engine["by_hand"] == true)
      #expect(desk.scales.load() == ["a": .init(configured: 1, wanted: 3)])
      if !isFirst {
        _ = try await desk.ask(.scale(["a": .auto]))
        _ = try await desk.processes { $0 == ["a.1": "ready"] }
        #expect(desk.scales.load() == [:])
        feed.yield(["a": .seconds(9)])
        _ = try await desk.processes { $0.count == 2 }
      }
      wish.yield(.gracefully)
      #expect(await outcome == .stopped)
    }
  }
}
