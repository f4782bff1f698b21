internal import BusProtocol

/// A supervisor that is replaced by another program, in its own process.
extension SupervisorLoop {
  /// A replacement that somebody asked for and that is not done yet.
  struct Takeover {
    /// Who asked.
    let call: ControlCall
    /// The new program's path.
    let program: String
    /// It is given up when there was no moment for it until then.
    let deadline: ContinuousClock.Instant
    /// How far it is.
    var step = Step.first

    enum Step {
      /// The new program is to be asked, at the next moment at which nothing is on its way.
      case first
      /// It was asked, and has not answered yet.
      case asked
      /// It can go on, and does so at the next such moment.
      case last
    }
  }

  /// How long is waited for a moment at which nothing is being started or ends, and how often is looked for one.
  private static let patience = Duration.seconds(5)
  private static let interval = Duration.milliseconds(5)

  /// Somebody wants the program replaced.
  mutating func replace(_ call: ControlCall, now: ContinuousClock.Instant) throws(SupervisorError) {
    guard let replacement = supervisor.replacement else {
      throw SupervisorError(.badRequest, "only 'bus work' can be replaced by a new program", help: "start it again")
    }
    guard takeover == nil else {
      throw SupervisorError(.busy, "this supervisor is just being replaced", help: "see 'bus ps'")
    }
    try requireRest()
    let program = try replacement.program()
    takeover = Takeover(call: call, program: program, deadline: now + Self.patience + Replacement.patience)
  }

  private func requireRest() throws(SupervisorError) {
    try requireServing()
    for crew in pool.crews where crew.upgrade != nil {
      throw SupervisorError(
        .busy, "an upgrade of \(crew.definition.name) is under way",
        help: "wait for it: bus logs \(crew.definition.name) --follow")
    }
  }

  /// The new program answered.
  mutating func asked(_ answer: Result<Void, SupervisorError>) {
    switch answer {
    case .success: takeover?.step = .last
    case .failure(let error): giveUpTakeover(error)
    }
  }

  /// Goes on with a replacement when nothing is on its way; looked at after each input and every few milliseconds.
  mutating func advanceTakeover(in group: inout DiscardingTaskGroup) {
    guard let takeover, let replacement = supervisor.replacement else { return }
    do throws(SupervisorError) { try requireRest() } catch { return giveUpTakeover(error) }
    switch takeover.step {
    case .asked: return
    case .first:
      guard let bytes = whileStill({ $0.bytes }) else { break }
      self.takeover?.step = .asked
      let (feed, program) = (feed, takeover.program)
      group.addTask { feed.yield(.asked(await replacement.ask(program, bytes))) }
      return
    case .last:
      guard let error = whileStill({ replacement.become(takeover.program, $0) }) else { break }
      return giveUpTakeover(error)
    }
    guard ContinuousClock.now < takeover.deadline else {
      return giveUpTakeover(
        SupervisorError(.busy, "processes are started and end all the time: there is no moment for it", help: "bus ps"))
    }
    let feed = feed
    group.addTask { if await Self.sleeps(until: .now + Self.interval) { feed.yield(.look) } }
  }

  /// Who asked hears that it does not come any more.
  mutating func giveUpTakeover(_ error: SupervisorError) {
    takeover?.call.refuse(error)
    takeover = nil
  }

  // MARK: The moment

  /// Runs the body while no process is started, read or reaped, with what there is; nil when something is on its way.
  private func whileStill<R>(_ body: (Handover) -> R) -> R? {
    guard pool.isQuiet, pool.members.count(where: { $0.pid != nil }) == children.count else { return nil }
    return whileStill(children.map { ($0.key, $0.value.child) }[...], [:]) { processes -> R? in
      var result: R?
      supervisor.control?.whileStill {
        supervisor.replacement?.signals.whileStill {
          guard feed.isEmpty else { return }
          logs.whileStill { result = body(handover(processes, $0, $1)) }
        }
      }
      return result
    } ?? nil
  }

  private func handover(
    _ processes: [Int: Handover.Child], _ lines: [Handover.Line], _ followers: [Handover.Follower]
  ) -> Handover {
    var handover = Handover(version: ProjectVersion.text, program: BinaryPlaces.runningProgram ?? "")
    pool.handOver(files: files, children: processes, now: .now, to: &handover)
    handover.sockets = supervisor.sockets.handedOver
    (handover.lines, handover.followers) = (lines, followers)
    handover.descriptors = descriptors
    return handover
  }

  private func whileStill<R>(
    _ rest: ArraySlice<(Int, ChildProcess)>, _ found: [Int: Handover.Child], _ body: ([Int: Handover.Child]) -> R
  ) -> R? {
    guard let (id, child) = rest.first else { return body(found) }
    let result: R?? = child.whileStill { record in
      whileStill(rest.dropFirst(), found.merging([id: record]) { $1 }, body)
    }
    return result ?? nil
  }

  private var descriptors: Handover.Descriptors {
    let (control, signals) = (supervisor.control?.descriptors, supervisor.replacement?.signals.descriptors)
    return Handover.Descriptors(
      control: control?.listener, lock: control?.lock, processGuard: ProcessGuard.openDescriptor,
      signalRead: signals?.readEnd, signalWrite: signals?.writeEnd, asker: takeover?.call.openDescriptor)
  }

  // MARK: Afterwards

  /// Goes on with what another program left in this process.
  mutating func resume(_ handover: Handover, in group: inout DiscardingTaskGroup) {
    let now = ContinuousClock.now
    logs.resume(handover)
    for record in handover.crews {
      guard let crew = pool.crews.firstIndex(where: { $0.definition.name == record.name }) else { continue }
      files[crew].merge(record.files) { $1 }
    }
    let actions = pool.resume(handover, now: now)
    for record in handover.members {
      guard let child = record.child, let member = pool.member(record.id) else { continue }
      run(ChildProcess(resuming: child), for: member, in: &group)
    }
    let notice = SupervisorNotice.tookOver(was: handover.version, version: ProjectVersion.text, kept: children.count)
    perform([.report("supervisor", notice)] + actions, in: &group)
    answerAsker(handover)
  }

  private func answerAsker(_ handover: Handover) {
    guard let descriptor = handover.descriptors.asker else { return }
    let call = ControlCall(.replace, descriptor: descriptor)
    call.send([
      "supervisor": ProcessFacts.ownID.jsonValue, "was": .string(handover.version),
      "version": .string(ProjectVersion.text), "was_program": .string(handover.program),
      "program": .string(BinaryPlaces.runningProgram ?? ""),
      "kept": .array(handover.members.compactMap { $0.child?.pid.jsonValue }),
    ])
    call.finish()
  }
}
