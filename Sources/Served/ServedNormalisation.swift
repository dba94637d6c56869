import BenchCore

/// By what the images of a program are normalised, and by whom.
struct ServedNormalisation {
  let preprocessing: Preprocessing
  /// Whether nothing says by what, and pags-bench would have to do it.
  let isAssumed: Bool
  private(set) var notes: [String] = []
  /// What makes numbers doubtful.
  private(set) var warnings: [String] = []

  /// In order: the command line, the description, the program itself, none (assumed). A program that normalises on its own
  /// must agree with what is said about it.
  /// - Throws: `ServedPluginError.preprocessing`, `PreprocessingError`.
  init(
    _ ready: PluginMessages.Ready, _ description: ModelDescription?, _ options: LoadOptions, program: String
  ) throws {
    let channels = ready.inputShape[0]
    let announced = ready.preprocessing
    let stated = options.preprocessing ?? description?.preprocessing
    func refusal(_ problem: String) -> ServedPluginError { .preprocessing(program: program, problem: problem) }
    guard options.resize == nil, stated?.resize == nil, description?.preprocessing?.resize == nil else {
      throw refusal(
        "is served, and what is served resizes images itself; leave --resize and `preprocessing.resize` out")
    }
    switch ready.input {
    case .normalised:
      try stated?.requireComplete(channels: channels)
      preprocessing = stated ?? announced ?? .identity(channels: channels)
      isAssumed = stated == nil && announced == nil
      // Those of the command line and of descriptions are refused where they are read.
      if let problem = preprocessing.problem {
        throw refusal("announces a normalisation that it cannot mean: \(problem); announce those")
      }
    case .pixels:
      guard options.preprocessing == nil || options.preprocessing == announced else {
        throw refusal("takes pixels and normalises them itself; leave --mean and --std out")
      }
      if let announced, let stated, stated != announced {
        throw refusal(
          "normalises with mean \(announced.mean), std \(announced.std), but model.json says mean "
            + "\(stated.mean), std \(stated.std); correct one of them")
      }
      guard stated?.isComplete(channels: channels) ?? true else {
        throw refusal(
          "takes pixels and normalises them itself, and `preprocessing` of model.json, which can only say by what, has not one "
            + "finite mean and one positive deviation for each of \(channels) channels; correct it, or leave it out")
      }
      preprocessing = announced ?? stated ?? .identity(channels: channels)
      isAssumed = false
      tell(announced, stated)
    }
  }

  /// What is known of a normalisation that only the program sees.
  private mutating func tell(_ announced: Preprocessing?, _ stated: Preprocessing?) {
    if let announced {
      notes = ["the program takes pixels in [0, 1] and says that it normalises them itself"]
      if let problem = announced.problem {
        warnings = ["the program says that it normalises pixels itself, but \(problem); it should announce those"]
      }
    } else if let stated {
      // Where nothing would be changed, nothing is missing.
      guard stated != .identity(channels: stated.mean.count) else { return }
      warnings = [
        "the program takes pixels in [0, 1]: `preprocessing` of model.json is recorded and not applied; if the program does not "
          + "do that itself, all numbers are wrong: let it announce mean and deviation, and take normalised pixels"
      ]
    } else {
      notes = [
        "the program takes pixels in [0, 1] and does not say whether it normalises them; a mean and a deviation in its checkpoint "
          + "are its own to use"
      ]
    }
  }
}
