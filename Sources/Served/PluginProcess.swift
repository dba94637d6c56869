import BenchCore
import Foundation
import Subprocess
import SystemPackage

/// A running plugin: its process, the guard that ends it with this one, its streams.
package final class PluginProcess {
  package let pipes: PluginPipes
  package let lastWords: LastWords
  private let child: ChildProcess
  private let group: ChildProcess
  /// Held open while the plugin may run (see `PluginGuard`).
  private let lifeline: FileDescriptor
  private var isStopped = false

  /// - Throws: `ServedPluginError.cannotStart`.
  package init(_ program: ServerCommand) throws {
    do {
      let lifeline = try FileDescriptor.closingOnExec()
      self.lifeline = lifeline.writing
      do { group = try PluginGuard.start(lifeline: lifeline.reading) } catch {
        try? lifeline.writing.close()
        throw error
      }
      let input = try FileDescriptor.closingOnExec()
      let output = try FileDescriptor.closingOnExec()
      let errors = try FileDescriptor.closingOnExec()
      lastWords = LastWords(reading: errors.reading.rawValue)
      var options = PlatformOptions()
      options.processGroupID = group.identifier
      do {
        child = try ChildProcess.start(
          Configuration(
            executable: Self.executable(program), arguments: Arguments(Array(program.command.dropFirst())),
            environment: .inherit.updating(["PAGS_BENCH_PLUGIN": "1"]),
            workingDirectory: FilePath(program.folder), platformOptions: options),
          input: input.reading, output: output.writing, errors: errors.writing)
      } catch {
        // Ends the guard.
        try? lifeline.writing.close()
        for end in [input.writing, output.reading] { try? end.close() }
        throw error
      }
      pipes = PluginPipes(input: input.writing.rawValue, output: output.reading.rawValue) { [child] in
        child.ending(within: .zero) != nil
      }
    } catch {
      throw ServedPluginError.cannotStart(
        command: program.command.joined(separator: " "), folder: program.folder,
        reason: "\(error)".trimmingCharacters(in: CharacterSet(charactersIn: ".")))
    }
  }

  deinit { stop() }

  /// A name is looked for on the PATH; a path is relative to the folder the program runs in.
  private static func executable(_ program: ServerCommand) -> Executable {
    let name = program.command[0]
    guard name.contains("/") else { return .name(name) }
    let folder = URL(fileURLWithPath: program.folder, isDirectory: true)
    return .path(FilePath(URL(fileURLWithPath: name, relativeTo: folder).path))
  }

  /// How it ended; nil where it still runs after `limit`.
  package func ending(within limit: Duration) -> PluginEnding? { child.ending(within: limit) }

  /// Ends the plugin after a conversation with it failed.
  /// - Returns: how it ended where it did so by itself, and its last words.
  package func conclude(after error: any Error) -> (ending: PluginEnding?, lastWords: String) {
    // A crash closes the pipes a moment before the system tells how it ended.
    var ending: PluginEnding?
    if case PluginPipes.Problem.ended = error { ending = self.ending(within: .seconds(2)) }
    stop()
    return (ending, lastWords.text(waiting: .milliseconds(500)))
  }

  /// Ends the plugin and everything it started in its group.
  package func stop() {
    guard !isStopped else { return }
    isStopped = true
    pipes.closeInput()
    kill(-group.identifier, SIGKILL)
    try? lifeline.close()
    // Both are dead; only the system's book-keeping is waited for.
    _ = child.ending(within: .seconds(5))
    _ = group.ending(within: .seconds(5))
  }
}

extension FileDescriptor {
  /// A pipe that other children do not inherit.
  fileprivate static func closingOnExec() throws -> (reading: FileDescriptor, writing: FileDescriptor) {
    let ends = try pipe(options: .closeOnExec)
    return (ends.readEnd, ends.writeEnd)
  }
}
