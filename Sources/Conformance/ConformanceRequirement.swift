/// What conformers have to keep to.
public enum ConformanceRequirement: String, Sendable, CaseIterable {
  case declaration
  case noError = "no-error"
  case shape
  case finite
  case determinism
  case concurrency
  case batchInvariance = "batch-invariance"
  case emptyBatch = "empty-batch"
  case derivative
  case linearity
  case cotangents
  case errorPropagation = "error-propagation"
  case orthonormality
  case projection
  case denoising
  case normalisation
  case noise
  case selfAlignment = "self-alignment"
  case scaleInvariance = "scale-invariance"
  case undefined
  case images
  case consistency
  case recognition
  case refusal
  case errorMessage = "error-message"
  case threads
  case constantLogits = "constant-logits"
  case deadLogits = "dead-logits"
  case saturation
  case zeroGradients = "zero-gradients"
  case sameAsProcessor = "same-as-processor"

  /// Why it is required: what a result would suffer.
  public var meaning: String {
    switch self {
    case .declaration: "Results and lists are read by what a conformer says of itself"
    case .noError: "Valid input must not fail"
    case .shape: "Whoever calls relies on the documented shapes"
    case .finite: "NaN and infinity spread into every statistic"
    case .determinism: "The same command must write the same result twice"
    case .concurrency: "Conformers are Sendable and are called from several threads at once"
    case .batchInvariance:
      "An image's numbers must not depend on the other images of the call, or results depend on batch size and order"
    case .emptyBatch: "No images are a legal batch and give empty results"
    case .derivative: "Sensitivity and alignment are measured on these gradients, so they must be those of the function"
    case .linearity: "A vector-Jacobian product is linear in its cotangent; what is not is no gradient"
    case .cotangents: "Each gradient belongs to its own cotangent and must not change with what else is asked for"
    case .errorPropagation: "A caller's error ends the work, as when the user cancels"
    case .orthonormality: "Sensitivities are split by projections, which need orthonormal rows"
    case .projection: "A projection applied twice is the projection, and what it leaves is orthogonal to it"
    case .denoising: "By Tweedie's formula the score removes noise: one that adds to it has a wrong sign or scale"
    case .normalisation: "Posteriors follow from the priors, which are probabilities"
    case .noise: "Noise hides the class: posteriors approach the priors as it grows, and noise 0 is its limit"
    case .selfAlignment: "Nothing is more alike than a thing is to itself"
    case .scaleInvariance:
      "Gradients of different targets differ in length by orders of magnitude; alignment is of directions"
    case .undefined: "What is undefined must be NaN, so that it is counted and left out instead of averaged"
    case .images: "Models are compared on the same images, whatever number of them is used"
    case .consistency: "The parts of a task are used together"
    case .recognition: "The format is told by content, and what is not the plugin's must be left to others"
    case .refusal: "A file that is no checkpoint, or is part of one, must not become a model"
    case .errorMessage: "Whoever evaluates many files has to see which one failed"
    case .threads: "Batch size and threads are for speed: the same model must give the same result with any of them"
    case .constantLogits:
      "A model that does not look at the image has sensitivity 0 in every direction and no gradient: nothing is measured"
    case .deadLogits:
      "A class whose logit never changes can be neither gained nor lost, so sensitivity and accuracy are those of fewer "
        + "classes"
    case .saturation:
      "Sensitivity is the change of probabilities: where they are exactly 0 and 1 it is 0 until the prediction flips, and "
        + "on- and off-manifold curves show only that"
    case .zeroGradients:
      "Without a gradient alignment and relative robustness are undefined, and images without one are left out of the means"
    case .sameAsProcessor:
      "A device is for speed: what is measured with it has to be what would be measured without it, but for rounding"
    }
  }
}

extension ConformanceRequirement {
  /// What is required, in a few words for a list.
  public var title: String {
    switch self {
    case .declaration: "says what it takes and gives"
    case .noError: "valid images do not fail"
    case .shape: "shapes of logits and gradients"
    case .finite: "no NaN, no infinity"
    case .determinism: "the same images twice, the same numbers"
    case .batchInvariance: "an image alone as among others"
    case .concurrency: "from two threads at once"
    case .threads: "any --batch and --threads"
    case .emptyBatch: "no images"
    case .consistency: "logits with and without gradients"
    case .constantLogits: "logits depend on the image"
    case .deadLogits: "every class can be gained and lost"
    case .saturation: "probabilities between 0 and 1"
    case .zeroGradients: "input gradients are not zero"
    case .derivative: "gradients against finite differences"
    case .linearity: "gradients are linear in the target"
    case .cotangents: "each gradient belongs to its target"
    case .errorPropagation: "work can be stopped"
    case .sameAsProcessor: "the processor's numbers but for rounding"
    default: rawValue.replacing("-", with: " ")
    }
  }

  /// What usually causes a failure and what to do about it; nil where the finding says all.
  public var advice: String? {
    switch self {
    case .determinism:
      "Usually dropout or noise that is still on: export the network in evaluation mode (model.eval()), and draw noise that "
        + "belongs to the model from a seed made of the image"
    case .batchInvariance:
      "Usually batch normalisation in training mode, or a library whose kernels change with the batch size: use evaluation "
        + "mode, or run one image at a time"
    case .concurrency, .threads:
      "Something is shared between calls: give every call memory of its own"
    case .finite:
      "Diverged training, a normalisation that divides by zero, or an overflow in half precision"
    case .derivative:
      "A gradient that is detached, straight-through, of another function or of pixels that were normalised already"
    case .linearity, .cotangents:
      "Vector-Jacobian products have to be taken of the logits, one for each vector, without normalising them"
    case .consistency: "Forward passes with and without gradient must be the same code in the same mode"
    case .constantLogits:
      "Weights that were not loaded, an activation that is dead, or images that are cut off before the first layer"
    case .deadLogits: "A ReLU after the last layer, a class that was never trained, or the wrong number of classes"
    case .saturation:
      "Logits that were scaled (a temperature), outputs that are probabilities put through another softmax, or pixels that "
        + "were not normalised as in training"
    case .zeroGradients:
      "An operation without a gradient (rounding, argmax, a hard threshold), a detached input, or saturated activations"
    case .sameAsProcessor:
      "A driver or a library that rounds more than it is asked to: compare `run` with and without --device on these images, and "
        + "measure without it"
    default: nil
    }
  }
}
