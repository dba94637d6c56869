import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Tensor

/// The command `pags-bench`.
@main
struct PagsBench: ParsableCommand {
  static let version = "0.1.0"
  /// What can be asked for by name, in every command.
  static let plugins = BuiltinPlugins.all

  static let configuration = CommandConfiguration(
    commandName: "pags-bench",
    abstract: "Tells what kind of robustness an image classifier has: weak, Bayes-aligned or excessive.",
    discussion: """
      Measures how sensitive a classifier is to perturbations on and off the data manifold, and how well its input \
      gradient aligns with the score of the data distribution.

      Begin with: pags-bench evaluate MODEL.ckpt
      """,
    version: version,
    subcommands: [
      EvaluateCommand.self, ShowCommand.self, RunCommand.self, TasksCommand.self, PluginsCommand.self,
      LeaderboardCommand.self, AttackCommand.self,
      BenchCommand.self, TrainCommand.self, TwinCommand.self, SweepCommand.self, SlurmCommand.self,
      ReclassifyCommand.self,
      CompareCommand.self, DistractorCommand.self, DirectionCommand.self, DiffROARCommand.self, SubmitCommand.self,
      NewSubmissionCommand.self,
      CacheCommand.self, DevicesCommand.self,
      ONNXTestCommand.self,
    ])

  /// Failures of the work end with 1 and one message; unusable arguments with 64, as swift-argument-parser does. With `--json`
  /// there is one document on standard output, however it ends.
  static func main() {
    LimitedStart.restart()
    MemoryExhaustion.install()
    let given = Array(CommandLine.arguments.dropFirst())
    var wantsDocument = asksForDocument(given)
    do {
      var command: any ParsableCommand
      do {
        let arguments = try CommandLineArguments.prepared(given, for: Self.self)
        // A file of options may ask for it too.
        wantsDocument = asksForDocument(arguments)
        command = try parseAsRoot(arguments)
      } catch let error as ConfigurationFileError {
        throw ValidationError("\(error)")
      }
      let reporting = (command as? any ReportingCommand)?.reporting
      do {
        if let log = reporting?.log { try LogFile.open(log, arguments: given) }
        // Networks ask before each operator.
        try Cancellation.$current.withValue(Cancellation(check: Interruption.check)) {
          if let command = command as? any DeviceCommand { try command.selectDevice() }
          try command.run()
        }
        if reporting?.json == true { CommandLineOutput.completeDocument() }
      } catch is CancellationError {
        CommandLineOutput.error("stopped; nothing was written")
        throw ExitCode(130)
      } catch  where isFailureOfWork(error) {
        CommandLineOutput.error("\(error)")
        throw ExitCode(1)
      }
    } catch {
      leave(with: error, wantsDocument: wantsDocument)
    }
    LogFile.add("ended well")
  }

  private static func asksForDocument(_ arguments: [String]) -> Bool {
    arguments.prefix { $0 != "--" }.contains("--json")
  }

  /// Prints what the parser has to say, which repeats what it was given, and ends as it would.
  private static func leave(with error: any Error, wantsDocument: Bool) -> Never {
    let text = fullMessage(for: error)
    let code = exitCode(for: error)
    if code == .success {
      if !text.isEmpty { CommandLineOutput.result(text + "\n") }
      Foundation.exit(code.rawValue)
    }
    if !text.isEmpty { CommandLineOutput.note(text) }
    if wantsDocument {
      CommandLineOutput.completeDocument(
        error: error is ExitCode ? (code.rawValue == 130 ? .stopped : .failed) : .arguments, exitCode: code.rawValue,
        message: text.isEmpty ? nil : message(for: error))
    }
    LogFile.add("ended with \(code.rawValue)")
    Foundation.exit(code.rawValue)
  }

  /// Whether an error is the work's own, and not the parser's way to ask for help or to refuse arguments.
  private static func isFailureOfWork(_ error: any Error) -> Bool {
    exitCode(for: error) == .failure && !(error is ExitCode)
  }
}
