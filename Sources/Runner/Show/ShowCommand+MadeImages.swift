import ArgumentParser
import Plugins
import Synthesis

extension ShowCommand {
  struct SynthesisCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
      commandName: "synthesis",
      abstract: "Images made by ascent along models' gradients: of a class, for a missing patch, or of more pixels.",
      discussion: """
        Beside each picture, and as means with intervals with --samples, stands what the task knows of it: the class's posterior by \
        its density, how much was changed and where. How to, and what was found: docs/synthesis.md
        """)

    @Argument(
      help:
        "Checkpoints or model.json of the models, or `bayes`, `bayes:SIGMA` or `margin`; may be left out with --plugin.",
      completion: .file())
    var models: [String] = []

    @OptionGroup(title: "Synthesis") var synthesis: SynthesisOptions

    @OptionGroup var inputs: MadeImageOptions

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws { try inputs.check(models) }

    func run() throws { try SynthesisWork(models: models, synthesis: synthesis, inputs: inputs).run(reporting) }
  }

  struct CounterfactualsCommand: ReportingCommand {
    static let configuration = CommandConfiguration(
      commandName: "counterfactuals",
      abstract: "Images changed to another class by models' gradients and the task's score (DVCE).",
      discussion: """
        Any score that is known at every noise level serves: the task's own, exact or of a fitted mixture, or a diffusion model's with \
        --score edm=FILE. Beside each picture, and as means with intervals with --samples, stands what the task knows of it. How to, \
        and what was found: docs/synthesis.md
        """)

    @Argument(
      help:
        "Checkpoints or model.json of the models, or `bayes`, `bayes:SIGMA` or `margin`; may be left out with --plugin.",
      completion: .file())
    var models: [String] = []

    @OptionGroup(title: "Counterfactuals") var counterfactual: CounterfactualOptions

    @OptionGroup var inputs: MadeImageOptions

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws {
      try inputs.check(models)
      guard counterfactual.guide == nil || inputs.options.network.model == nil else {
        throw ValidationError(
          "--model describes one checkpoint, and --guide names another; name their model.json instead")
      }
      if case .plugin(DenoiserPlugin.id, let files) = inputs.maps.score {
        throw ValidationError(
          "--score denoiser=\(files.joined(separator: ",")): a denoiser knows the one noise level that it was trained for, and counterfactuals come down "
            + "through \(counterfactual.steps); leave --score out for the task's own score, or name a diffusion model: edm=FILE"
        )
      }
    }

    func run() throws {
      try CounterfactualWork(models: models, counterfactual: counterfactual, inputs: inputs).run(reporting)
    }
  }
}
