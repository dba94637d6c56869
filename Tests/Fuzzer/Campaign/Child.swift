import Foundation

/// How a child process with a batch of inputs ended, and what it said.
struct Child {
  /// The input it died of; nil where it ended by itself.
  let fatal: (index: Int, how: String)?
  /// Inputs that took too much memory.
  let over: [(index: Int, how: String)]
  let outcomes: [Progress]
  /// Where the next batch begins.
  let next: Int
  let errors: String
  let processorSeconds: Double

  /// Seconds without a word after which a child that does nothing is ended; one that computes is ended by `Watch`.
  private static let silence = 120.0

  /// Runs this program again with `arguments` and waits for it.
  static func run(_ arguments: [String], from first: Int, folder: URL, backtrace: Bool) throws -> Child {
    let output = folder.appendingPathComponent("out")
    let errors = folder.appendingPathComponent("err")
    for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    process.arguments = arguments
    var environment = ProcessInfo.processInfo.environment
    environment["OPENBLAS_NUM_THREADS"] = "1"
    // What a process that died leaves behind goes with the folder.
    environment["TMPDIR"] = folder.path
    environment["SWIFT_BACKTRACE"] =
      backtrace ? "enable=yes,color=no,limit=24,images=none,registers=none,threads=crashed" : "enable=no"
    process.environment = environment
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    let before = processorSecondsOfChildren
    try process.run()
    let wasSilent = watch(process, output)
    process.waitUntilExit()
    let lines = try String(contentsOf: output, encoding: .utf8).split(separator: "\n").map { $0.split(separator: " ") }
    let begun = lines.last { $0.first == "begin" }.flatMap { Int($0[1]) }
    let ended = lines.last { $0.first == "end" }.flatMap { Int($0[1]) }
    let died = process.terminationReason == .uncaughtSignal || process.terminationStatus != 0
    let isHang = wasSilent || process.terminationReason == .uncaughtSignal && process.terminationStatus == SIGPROF
    let how =
      isHang
      ? "takes more than \(Watch.seconds) s of processor time, or \(Int(silence)) s without end"
      : "ends the process with \(process.terminationReason == .exit ? "status" : "signal") \(process.terminationStatus)"
    return Child(
      fatal: died ? (begun ?? first, how) : nil,
      over: lines.filter { $0.first == "over" }.map { (Int($0[1]) ?? 0, $0.dropFirst(2).joined(separator: " ")) },
      outcomes: lines.filter { $0.first == "end" }.compactMap { Progress(rawValue: String($0[2])) },
      next: max(begun.map { $0 + 1 } ?? first + 1, ended.map { $0 + 1 } ?? 0),
      errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self),
      processorSeconds: processorSecondsOfChildren - before)
  }

  /// - Returns: whether the process was ended for saying nothing.
  private static func watch(_ process: Process, _ output: URL) -> Bool {
    var (size, since) = (0, ContinuousClock.now)
    while process.isRunning {
      usleep(20_000)
      let now = (try? FileManager.default.attributesOfItem(atPath: output.path)[.size] as? Int) ?? 0
      // Whoever waits for a processor is not silent, however long it gets none.
      if now != size || isRunnable(process.processIdentifier) { (size, since) = (now, .now) }
      guard ContinuousClock.now - since < .seconds(silence) else {
        kill(process.processIdentifier, SIGKILL)
        return true
      }
    }
    return false
  }

  /// Whether a thread of a process, or of one that it started, computes or would if it were let.
  private static func isRunnable(_ process: pid_t) -> Bool {
    let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/task")) ?? []
    return tasks.contains { task in
      let folder = "/proc/\(process)/task/\(task)"
      // The state follows the program's name, which is in parentheses.
      let stat = (try? String(contentsOfFile: folder + "/stat", encoding: .utf8)) ?? ""
      let state = stat.split(separator: ")").last?.split(separator: " ").first
      if state == "R" || state == "D" { return true }
      let started = (try? String(contentsOfFile: folder + "/children", encoding: .utf8)) ?? ""
      return started.split(separator: " ").compactMap { pid_t($0) }.contains { isRunnable($0) }
    }
  }

  static var processorSecondsOfChildren: Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }

  /// The first lines of a trap's report that name files of the project.
  var place: String {
    let lines = errors.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    let fatal = lines.first { $0.contains("Fatal error") || $0.contains("Assertion failed") || $0.contains("Crash") }
    let frames = lines.filter { $0.contains("/Sources/") || $0.contains("/Tests/Fuzzer/") }
      .compactMap { line in line.range(of: " at /").map { String(line[$0.upperBound...]) } }
      .map { $0.split(separator: "/").suffix(2).joined(separator: "/") }
    return ([fatal].compactMap { $0 } + frames.prefix(4)).joined(separator: " < ")
  }
}
