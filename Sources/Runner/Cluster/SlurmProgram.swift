import Foundation

/// Slurm's own programs, which are given words and no shell's line.
enum SlurmProgram {
  struct Answer {
    let status: Int32
    let output: String
    let errors: String
  }

  /// - Throws: `SlurmError.noProgram` where it is not on the PATH, and what starting it throws.
  static func run(_ name: String, _ arguments: [String]) throws -> Answer {
    let process = Process()
    process.executableURL = try locate(name)
    process.arguments = arguments
    process.standardInput = FileHandle.nullDevice
    // Files: what fills a pipe would wait for a reader.
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "pags-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
    defer { try? FileManager.default.removeItem(at: folder) }
    let files = ["out", "err"].map { folder.appendingPathComponent($0) }
    for file in files where !FileManager.default.createFile(atPath: file.path, contents: nil) {
      throw SlurmError.failed(program: name, message: "\(folder.path) takes no files")
    }
    process.standardOutput = try FileHandle(forWritingTo: files[0])
    process.standardError = try FileHandle(forWritingTo: files[1])
    try process.run()
    process.waitUntilExit()
    func text(_ file: URL) -> String { (try? String(contentsOf: file, encoding: .utf8)) ?? "" }
    let isExit = process.terminationReason == .exit
    return Answer(
      status: isExit ? process.terminationStatus : -1, output: text(files[0]),
      errors: text(files[1]))
  }

  static func locate(_ name: String) throws(SlurmError) -> URL {
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
    let found = folders.map { URL(fileURLWithPath: String($0)).appendingPathComponent(name) }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    guard let found else { throw .noProgram(name) }
    return found
  }

  /// - Returns: the job's number.
  /// - Throws: `SlurmError.failed` with what `sbatch` said.
  static func submit(_ arguments: [String]) throws -> Int {
    let answer = try run("sbatch", arguments)
    // `number`, or `number;cluster`.
    let digits = answer.output.trimmingCharacters(in: .whitespacesAndNewlines).prefix {
      $0.isASCII && $0.isNumber
    }
    guard answer.status == 0, let job = Int(digits), job > 0 else {
      let said = answer.errors.isEmpty ? answer.output : answer.errors
      throw SlurmError.failed(program: "sbatch", message: String(said.prefix(1000)))
    }
    return job
  }

  /// Which tasks of an array Slurm still has.
  /// - Returns: none where it has forgotten the job or does not answer.
  static func queued(_ job: Int) -> [Int] {
    guard
      let answer = try? run("squeue", ["--noheader", "--array", "--format=%i", "--jobs=\(job)"]),
      answer.status == 0
    else { return [] }
    return answer.output.split(separator: "\n").compactMap { line in
      let words = line.trimmingCharacters(in: .whitespaces).split(separator: "_")
      return words.count == 2 ? Int(words[1]) : nil
    }
  }
}

/// Why nothing was given to Slurm.
enum SlurmError: Error, CustomStringConvertible {
  case noProgram(String)
  case failed(program: String, message: String)
  case otherCommand(folder: String, differences: [String])

  var description: String {
    switch self {
    case .noProgram(let name):
      "\(name) is not on the PATH: give the command where jobs are submitted, or with --dry-run, which only writes the scripts"
    case .failed(let program, let message):
      "\(program) failed: \(message.trimmingCharacters(in: .whitespacesAndNewlines)); change the options for Slurm and give the command "
        + "again"
    case .otherCommand(let folder, let differences):
      "\(folder): belongs to another command; choose another --folder. What differs: "
        + differences.prefix(12).joined(separator: "; ")
        + (differences.count > 12 ? "; and \(differences.count - 12) more" : "")
    }
  }
}
