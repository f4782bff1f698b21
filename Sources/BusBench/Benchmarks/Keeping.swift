import Bus
import BusProtocol

extension Benchmark {
  static let recovery = Benchmark(
    "recovery", "kill -9 of busd until another one has answered, with events and waiting jobs", bar: "<= 0.3 s"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      try await client.pipeline(sizes.events, .hundredBytes)
      try await bed.enqueue(sizes.jobs, client)
      let begin = ContinuousClock.now
      try await bed.crash()
      let ready = ContinuousClock.now - begin
      let tool = try bed.tool()
      defer { tool.stop() }
      _ = try await tool.request(timeout: .seconds(60)) {
        .read(request: $0, after: .zero, patterns: ["bench"], limit: 1)
      }
      let served = ContinuousClock.now - begin
      return [
        Figure("until busd is ready", ready / .milliseconds(1), .milliseconds),
        Figure("until the first event is read", served / .milliseconds(1), .milliseconds),
        Figure("events and jobs that were kept", Double(sizes.events + sizes.jobs), .count),
      ]
    }
  }

  static let memory = Benchmark(
    "memory", "resident memory of busd with events and with waiting jobs, and of a worker process of 10 slots",
    bar: "busd < 100 MB, a worker process <= 30 MB"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      let tool = try bed.tool()
      defer { tool.stop() }
      var figures = [Figure("busd, idle", try bed.busd.residentMegabytes, .megabytes)]
      try await client.pipeline(sizes.events, .hundredBytes)
      figures.append(Figure("busd, \(sizes.events) events", try bed.busd.residentMegabytes, .megabytes))
      // It gives memory back once nothing came for a moment.
      try await Task.sleep(for: .seconds(1))
      figures.append(Figure("busd, at rest behind them", try bed.busd.residentMegabytes, .megabytes))
      try await bed.startWorkers(1, client, tool)
      try await bed.enqueue(sizes.jobs, client)
      try await bed.untilDone(sizes.jobs + 1, tool)
      figures.append(Figure("worker, \(sizes.jobs) jobs run", try bed.processes[1].residentMegabytes, .megabytes))
      try await bed.setPaused(true, tool)
      try await bed.enqueue(sizes.backlog, client)
      figures.append(Figure("busd, \(sizes.backlog) jobs wait too", try bed.busd.residentMegabytes, .megabytes))
      return figures
    }
  }

  static let space = Benchmark(
    "space", "what an event of 100 B and a waiting job take of the disk", bar: "<= 160 bytes an event"
  ) { sizes in
    // Segments are reserved as a whole: small ones, so that what is reserved and not used yet does not count.
    let bed = try await Bed(sizes, arguments: ["--segment-mib", "1"])
    let client = try bed.client()
    return try await client.whileRunning {
      let before = try (bed.byteCount(of: "spool"), bed.byteCount(of: ""))
      try await client.pipeline(sizes.events, .hundredBytes)
      let spool = try bed.byteCount(of: "spool")
      let others = try bed.byteCount(of: "") - spool
      try await bed.enqueue(sizes.jobs, client)
      let jobs = try bed.byteCount(of: "") - bed.byteCount(of: "spool") - others
      return [
        Figure("an event", Double(spool - before.0) / Double(sizes.events), .bytes),
        Figure("a job", Double(jobs) / Double(sizes.jobs), .bytes),
      ]
    }
  }

  static let growth = Benchmark(
    "growth", "what an event costs beside those that are kept, and beside subscriptions that it does not match",
    bar: "flat"
  ) { sizes in
    let bed = try await Bed(sizes)
    let client = try bed.client()
    return try await client.whileRunning {
      let tool = try bed.tool()
      defer { tool.stop() }
      var (kept, goal, step) = (0, min(1000, sizes.events), 1000)
      var figures: [Figure] = []
      while true {
        try await client.pipeline(goal - kept, .hundredBytes)
        // Enough to measure, and less than leads to the next place.
        step = max(1000, goal / 5)
        let spent = try await Meter(bed).measure { try await client.pipeline(step, .hundredBytes) }
        figures += spent.figures("beside \(goal) events", count: step)
        kept = goal + step
        guard goal < sizes.events else { break }
        goal = max(kept, min(goal * 10, sizes.events))
      }
      // A process may have a thousand, and has to keep up with all of them.
      let processes = (sizes.strangers + 999) / 1000
      let share = sizes.strangers / processes
      for wave in [0, processes, processes * 9] {
        if wave > 0 { try await bed.startWorkers(wave, subscriptions: share, client, tool) }
        let crowd = share * (bed.processes.count - 1)
        try await bed.untilSubscribed(crowd, tool)
        // Who has just begun hears the first mark, whatever it is about: that is no event's cost.
        try await client.pipeline(1000, .hundredBytes)
        try await Task.sleep(for: .seconds(2))
        let strangers = Meter(bed.processes.dropFirst())
        let before = try strangers.processorSeconds
        let spent = try await Meter(bed).measure { try await client.pipeline(sizes.events, .hundredBytes) }
        let part = (try strangers.processorSeconds - before) / spent.processorSeconds * 100
        figures += spent.figures("beside \(crowd) subscriptions too", count: sizes.events)
        figures.append(Figure("beside \(crowd) subscriptions too, their processes' part of the CPU", part, .percent))
      }
      return figures
    }
  }
}
