import BenchCore
import Checkpoints
import Foundation

/// What a user says about programs that serve models. By default no program is run.
package struct ServerRequest: Sendable {
  /// `--plugin`.
  package var command: String?
  /// `--allow-plugin`: whether a program may be run because a description names it.
  package var allowsDescriptions: Bool
  package var startLimit: Duration
  package var requestLimit: Duration
  package var checkCancellation: @Sendable () throws -> Void

  package init(
    command: String? = nil, allowsDescriptions: Bool = false, startLimit: Duration = .seconds(120),
    requestLimit: Duration = .seconds(300), checkCancellation: @escaping @Sendable () throws -> Void = {}
  ) {
    self.command = command
    self.allowsDescriptions = allowsDescriptions
    self.startLimit = startLimit
    self.requestLimit = requestLimit
    self.checkCancellation = checkCancellation
  }

  /// A program that was asked for, and what identifies the model where there is no checkpoint.
  package struct Resolved {
    package let command: ServerCommand
    package let files: ServerFiles
  }

  /// - Returns: nil where the built-in engine is to read the checkpoint.
  /// - Throws: `ServedPluginError.notAllowed` where only a description asks for a program, and others where the command
  ///   cannot be read.
  package func resolve(_ found: DescriptionLookup.Found?, checkpoint: CheckpointFile?) throws -> Resolved? {
    let words: [String]
    let folder: URL
    var files: [String]?
    if let command {
      words = try CommandWords.split(command)
      folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    } else if let found, let plugin = found.description.plugin {
      folder = URL(fileURLWithPath: found.path).standardizedFileURL.deletingLastPathComponent()
      words = plugin.command
      files = plugin.files
      guard let first = words.first, !first.isEmpty else {
        throw ServedPluginError.command(found.path, reason: "plugin.command is empty")
      }
      guard allowsDescriptions else {
        throw ServedPluginError.notAllowed(description: found.path, command: words, folder: folder.path)
      }
    } else {
      return nil
    }
    let path = checkpoint.map { $0.url.standardizedFileURL.path }
    guard path != nil || !words.contains(where: { $0.contains(Self.placeholder) }) else {
      throw ServedPluginError.command(
        words.joined(separator: " "), reason: "no checkpoint is given for \(Self.placeholder)")
    }
    let command = words.map { $0.replacing(Self.placeholder, with: path ?? "") }
    return Resolved(
      command: ServerCommand(
        command: command, folder: folder.path, checkpoint: path, startLimit: startLimit, requestLimit: requestLimit,
        checkCancellation: checkCancellation),
      files: ServerFiles(folder: folder, named: files, command: command))
  }

  /// Stands for the checkpoint's path in a command.
  static let placeholder = "{checkpoint}"
}
