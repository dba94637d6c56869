import ArgumentParser
import BenchCore
import Foundation
import Plugins

extension ModelLoader.Candidate {
  /// The files that it is read from; where only a program has a name, its files are not asked for by path.
  var inputs: [OutputPlace.Input?] {
    [OutputPlace.Input("the checkpoint", checkpoint.url.path), OutputPlace.Input("the description", descriptionPath)]
  }
}

extension ModelLoader {
  /// What the command line means.
  /// - Parameter isAnnounced: whether it is said loudly where a program will run.
  func find(_ path: String?, _ options: ModelOptions, isAnnounced: Bool = true) throws -> Candidate {
    let candidate = try find(path, description: options.network.model, server: options.program.request)
    if isAnnounced, let server = candidate.server {
      CommandLineOutput.note(
        "running the plugin program `\(server.command.joined(separator: " "))` in \(server.folder)")
    }
    return candidate
  }
}

extension ModelSource {
  /// A checkpoint or a description, or `bayes`, `bayes:SIGMA` or `margin`.
  /// - Parameter isAnnounced: whether it is said where a program will run; nobody is told of one that does not run here.
  init(_ argument: String?, options: ModelOptions, files: ProjectFiles, isAnnounced: Bool = true) throws {
    if options.program.plugin == nil, let argument, let own = try Self.own(argument) {
      self = own
      return
    }
    let loader = ModelLoader(files, plugins: PagsBench.plugins.models)
    self = .file(try loader.find(argument, options, isAnnounced: isAnnounced), loader: loader)
  }

  /// The same without options: what is to be known of a checkpoint, its description says.
  init(_ argument: String, files: ProjectFiles) throws {
    self =
      try Self.own(argument) ?? .file(argument, files: files, plugins: PagsBench.plugins.models)
  }

  /// - Returns: nil for a file.
  private static func own(_ argument: String) throws -> ModelSource? {
    if argument == "margin", !isFile(argument) { return .margin }
    guard argument == "bayes" || argument.hasPrefix("bayes:"), !isFile(argument) else { return nil }
    let text = argument.dropFirst("bayes:".count)
    guard argument == "bayes" || Double(text).map({ $0 >= 0 && $0.isFinite }) ?? false else {
      throw ValidationError("`\(argument)`: expected bayes:SIGMA with a noise level of at least 0, such as bayes:0.5")
    }
    return .bayes(noise: Double(text) ?? 0)
  }

  /// Whether there is a file of that name; a folder is no checkpoint.
  private static func isFile(_ path: String) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}
