import Plugins

extension ModelLoader.Candidate {
  /// The files that it is read from; where only a program has a name, its files are not asked for by path.
  var inputs: [OutputPlace.Input?] {
    [OutputPlace.Input("the checkpoint", checkpoint.url.path), OutputPlace.Input("the description", descriptionPath)]
  }
}

extension ModelLoader {
  /// What the command line means, said loudly where a program will run.
  func find(_ path: String?, _ options: ModelOptions) throws -> Candidate {
    let candidate = try find(path, description: options.network.model, program: options.program.request)
    if let program = candidate.program {
      CommandLineOutput.note(
        "running the plugin program `\(program.command.joined(separator: " "))` in \(program.folder)")
    }
    return candidate
  }
}
