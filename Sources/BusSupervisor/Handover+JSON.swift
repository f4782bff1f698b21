internal import BusProtocol

extension Handover {
  /// As it is written.
  var bytes: [UInt8] {
    var all: JSONObject = [
      "format": Handover.format.jsonValue, "version": .string(version), "program": .string(program),
      "crews": .array(crews.map(\.json)), "members": .array(members.map(\.json)),
      "descriptors": descriptors.json, "sockets": .array(sockets.map(\.json)),
    ]
    all.set("stage", stage)
    all["lines"] = .array(lines.map { .array([.string($0.process), .string($0.text)]) })
    all["followers"] = .array(
      followers.map { .array([$0.descriptor.jsonValue, $0.process.map { .string($0) } ?? .null]) })
    return JSONValue.object(all).bytes
  }

  /// Reads what was written; the error says what is wrong with it.
  public init(_ bytes: [UInt8]) throws(SupervisorError) {
    do throws(ProtocolError) {
      let all = try JSONParser.parse(bytes).members("the handover")
      let format: Int = try all.read("format")
      guard format == Handover.format else {
        throw ProtocolError(.badJSON, "it has format \(format), this program knows \(Handover.format)")
      }
      try self.init(all)
    } catch {
      throw SupervisorError(
        .takeoverFailed, "what the running supervisor hands over cannot be read: \(error.message)",
        help: "stop it with 'bus stop', and start the new program with 'bus work'")
    }
  }

  private init(_ all: JSONMembers) throws(ProtocolError) {
    version = try all.string("version")
    program = try all.string("program")
    stage = try all.optional("stage")
    crews = try all.list("crews") { (value) throws(ProtocolError) in try Crew(try value.members("a crew")) }
    members = try all.list("members") { (value) throws(ProtocolError) in try Member(try value.members("a member")) }
    descriptors = try Descriptors(try all.value("descriptors").members("descriptors"))
    sockets = try all.list("sockets") { (value) throws(ProtocolError) in try Socket(try value.members("a socket")) }
    lines = try all.list("lines") { (value) throws(ProtocolError) in
      guard case .array(let parts) = value, parts.count == 2, let process = String(jsonValue: parts[0]),
        let text = String(jsonValue: parts[1])
      else { throw ProtocolError(.badJSON, "a line is a process and a text") }
      return Line(process: process, text: text)
    }
    followers = try all.list("followers") { (value) throws(ProtocolError) in
      guard case .array(let parts) = value, parts.count == 2, let descriptor = Int32(jsonValue: parts[0]) else {
        throw ProtocolError(.badJSON, "a follower is a descriptor and a process")
      }
      return Follower(descriptor: descriptor, process: String(jsonValue: parts[1]))
    }
  }
}

extension Handover.Crew {
  fileprivate var json: JSONValue {
    let generations = files.sorted { $0.key < $1.key }
    return [
      "name": .string(name), "configured": configured.jsonValue, "wanted": wanted.jsonValue, "quiet": .bool(isQuiet),
      "generation": generation.jsonValue, "next": nextGeneration.jsonValue, "up": .bool(wasUp),
      "alarmed": .bool(isAlarmed),
      "files": .object(JSONObject(generations.map { JSONObject.Member("\($0.key)", .string($0.value)) })),
    ]
  }

  fileprivate init(_ crew: JSONMembers) throws(ProtocolError) {
    name = try crew.string("name")
    configured = try crew.read("configured")
    wanted = try crew.read("wanted")
    isQuiet = try crew.read("quiet")
    generation = try crew.read("generation")
    nextGeneration = try crew.read("next")
    wasUp = try crew.read("up")
    isAlarmed = try crew.read("alarmed")
    files = [:]
    for member in try crew.object("files").members {
      guard let generation = Int(member.key), let path = String(jsonValue: member.value) else {
        throw ProtocolError(.badJSON, "a crew's file is a generation and a path")
      }
      files[generation] = path
    }
  }
}

extension Handover.Member {
  fileprivate var json: JSONValue {
    var all: JSONObject = [
      "id": id.jsonValue, "crew": .string(crew), "slot": slot.jsonValue, "generation": generation.jsonValue,
      "changed": .integer(changedAge.inMicroseconds), "started": .integer(startedAge.inMicroseconds),
      "heard": .integer(heardAge.inMicroseconds), "leaving": .bool(isLeaving), "worn": .bool(isWorn),
      "late": .bool(isLate), "looping": .bool(isLooping),
      "failures": failures.jsonValue, "restarts": restarts.jsonValue,
    ]
    switch state {
    case .running(let age, let isReady):
      all["running"] = .integer(age.inMicroseconds)
      all["ready"] = .bool(isReady)
    case .waiting(let left): all["waiting"] = .integer(left.inMicroseconds)
    case .ending(let left):
      all["ending"] = true
      all.set("killed_in", left?.inMicroseconds)
    }
    switch lastEnd {
    case nil: break
    case .exited(let status): all.set("exited", status)
    case .signaled(let signal): all.set("signaled", signal)
    case .notStarted(let reason): all.set("not_started", reason)
    }
    all.set("status", status)
    all.set("age_limit", ageLimit?.inMicroseconds)
    all.set("memory_limit", memoryLimit)
    all.set("job_limit", jobLimit)
    if let child { all["child"] = child.json }
    return .object(all)
  }

  fileprivate init(_ member: JSONMembers) throws(ProtocolError) {
    id = try member.read("id")
    crew = try member.string("crew")
    slot = try member.read("slot")
    generation = try member.read("generation")
    changedAge = .microseconds(try member.integer("changed"))
    startedAge = .microseconds(try member.integer("started"))
    heardAge = .microseconds(try member.integer("heard"))
    isLeaving = try member.read("leaving")
    isWorn = try member.read("worn")
    isLate = try member.read("late")
    isLooping = try member.read("looping")
    failures = try member.read("failures")
    restarts = try member.read("restarts")
    status = try member.optional("status")
    ageLimit = try member.optional("age_limit", as: Int64.self).map { .microseconds($0) }
    memoryLimit = try member.optional("memory_limit")
    jobLimit = try member.optional("job_limit")
    let child = try member.optionalObject("child")
    self.child = try child.map { (object) throws(ProtocolError) in
      try Handover.Child(JSONMembers(object, of: "a child"))
    }
    state = try Self.state(member)
    lastEnd = try Self.lastEnd(member)
    let isRunning = if case .waiting = state { false } else { true }
    guard isRunning == (child != nil), id >= 0, id < .max, slot > 0 else {
      throw ProtocolError(.badJSON, "a member has a process exactly while it runs, and a number")
    }
  }

  private static func state(_ member: JSONMembers) throws(ProtocolError) -> Handover.State {
    if let age: Int64 = try member.optional("running") {
      return .running(age: .microseconds(age), isReady: try member.read("ready"))
    }
    if let left: Int64 = try member.optional("waiting") { return .waiting(left: .microseconds(left)) }
    guard try member.read("ending") == true else { throw ProtocolError(.badJSON, "a member is in no state") }
    return .ending(left: try member.optional("killed_in", as: Int64.self).map { .microseconds($0) })
  }

  private static func lastEnd(_ member: JSONMembers) throws(ProtocolError) -> ProcessEnd? {
    if let status: Int32 = try member.optional("exited") { return .exited(status) }
    if let signal: Int32 = try member.optional("signaled") { return .signaled(signal) }
    return try member.optional("not_started", as: String.self).map { .notStarted(reason: $0) }
  }
}

extension Handover.Child {
  fileprivate var json: JSONValue {
    var all: JSONObject = ["pid": pid.jsonValue, "output": output.jsonValue]
    all.set("service", service)
    all.set("service_name", serviceName)
    // A line may be cut in the middle of a character: no text of JSON holds that.
    if !rest.isEmpty { all["rest"] = .array(rest.map(\.jsonByte)) }
    return .object(all)
  }

  fileprivate init(_ child: JSONMembers) throws(ProtocolError) {
    pid = try child.read("pid")
    output = try child.read("output")
    service = try child.optional("service")
    serviceName = try child.optional("service_name")
    rest = try child.list("rest") { (value) throws(ProtocolError) in
      guard let number = Int(jsonValue: value), let byte = UInt8(exactly: number) else {
        throw ProtocolError(.badJSON, "the rest of a line is a list of bytes")
      }
      return byte
    }
    guard pid > 1 else { throw ProtocolError(.badJSON, "a child has the process id \(pid)") }
  }
}

extension UInt8 {
  fileprivate var jsonByte: JSONValue { .integer(Int64(self)) }
}

extension Handover.Descriptors {
  fileprivate var json: JSONValue {
    var all = JSONObject()
    all.set("control", control)
    all.set("lock", lock)
    all.set("guard", processGuard)
    all.set("signal_read", signalRead)
    all.set("signal_write", signalWrite)
    all.set("asker", asker)
    return .object(all)
  }

  fileprivate init(_ all: JSONMembers) throws(ProtocolError) {
    control = try all.optional("control")
    lock = try all.optional("lock")
    processGuard = try all.optional("guard")
    signalRead = try all.optional("signal_read")
    signalWrite = try all.optional("signal_write")
    asker = try all.optional("asker")
  }
}

extension Handover.Socket {
  fileprivate var json: JSONValue {
    var all: JSONObject = [
      "name": .string(name), "descriptor": descriptor.jsonValue, "place": .string(place),
    ]
    all.set("program", program)
    all.set("address", address)
    all.set("file", file)
    return .object(all)
  }

  fileprivate init(_ socket: JSONMembers) throws(ProtocolError) {
    name = try socket.string("name")
    descriptor = try socket.read("descriptor")
    place = try socket.string("place")
    program = try socket.optional("program")
    address = try socket.optional("address")
    file = try socket.optional("file")
  }
}
