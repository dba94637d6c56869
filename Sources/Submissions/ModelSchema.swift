/// The schema of `model.json`, published as `leaderboard/schema/model.schema.json`; a test keeps the two the same
/// (`PAGS_BENCH_RECORD=1 swift test --filter ModelSchemaTests` writes the published one).
///
/// Its patterns end in `(?![\s\S])`, no character follows, and not in `$`, which some validators find before a final line
/// break as well.
package enum ModelSchema {
  /// - Throws: never for the text below, which a test parses.
  package static func load() throws -> JSONSchema { try JSONSchema(text, source: "model.schema.json") }

  package static let text = #"""
    {
      "$schema": "https://json-schema.org/draft/2020-12/schema",
      "$id": "urn:pags-bench:model:1",
      "title": "pags-bench model description, version 1",
      "description": "model.json: what a checkpoint is. What a submission must have besides is $defs/submission.",
      "type": "object",
      "additionalProperties": false,
      "required": ["id", "name"],
      "properties": {
        "id": {
          "description": "short name of the model, unique on the leaderboard; a changed checkpoint needs another one",
          "x-expected": "lower-case letters, digits, `.`, `_` and `-`, beginning with a letter or digit",
          "type": "string",
          "maxLength": 100,
          "pattern": "^[a-z0-9][a-z0-9._-]*(?![\\s\\S])"
        },
        "name": {
          "description": "name for people, such as that of the paper's table",
          "$ref": "#/$defs/text",
          "maxLength": 120
        },
        "kind": {
          "description": "what the checkpoint computes; absent: a classifier",
          "enum": ["classifier", "autoencoder", "denoiser", "generator"]
        },
        "task": {
          "description": "id of the task the model was trained for (`pags-bench tasks`)",
          "x-expected": "the id of a task",
          "type": "string",
          "maxLength": 100,
          "pattern": "^[a-z0-9][a-z0-9._-]*(?![\\s\\S])"
        },
        "checkpoint": {
          "description": "the file with the weights: beside model.json, or at a URL",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "file": {
              "description": "name of the file beside model.json",
              "x-expected": "the name of a file without folders, not beginning with a point",
              "type": "string",
              "maxLength": 200,
              "pattern": "^[A-Za-z0-9_][A-Za-z0-9._+=@ -]*(?![\\s\\S])"
            },
            "url": {
              "description": "where everybody can fetch it",
              "x-expected": "an address that begins with https:// or http://",
              "type": "string",
              "maxLength": 2000,
              "pattern": "^https?://[A-Za-z0-9][^\\s<>\"'`\\\\]*(?![\\s\\S])"
            },
            "weights": {
              "description": "which of the file's state dicts, where it holds several: the key under which it stands",
              "x-expected": "a key in the file, such as model_ema",
              "type": "string",
              "minLength": 1,
              "maxLength": 200
            },
            "member": {
              "description": "its place in a list of state dicts, from 0",
              "x-expected": "a whole number from 0 to 1000000",
              "type": "integer",
              "minimum": 0,
              "maximum": 1000000
            },
            "sha256": {
              "description": "SHA-256 of the file",
              "x-expected": "64 hexadecimal digits",
              "type": "string",
              "pattern": "^[0-9a-fA-F]{64}(?![\\s\\S])"
            },
            "bytes": { "description": "its size", "type": "integer", "minimum": 1, "maximum": 17179869184 }
          },
          "dependentRequired": { "url": ["sha256", "bytes"] }
        },
        "architecture": {
          "description": "name of a built-in architecture, or a list of layers; absent where the file itself tells",
          "x-expected": "the name of an architecture or a list of layers",
          "anyOf": [
            { "type": "string", "minLength": 1, "maxLength": 100 },
            {
              "type": "array",
              "minItems": 1,
              "maxItems": 10000,
              "items": {
                "x-expected": "a layer: an object with a `type`",
                "type": "object",
                "required": ["type"],
                "properties": { "type": { "description": "the layer's type", "type": "string" } }
              }
            },
            {
              "type": "object",
              "additionalProperties": false,
              "required": ["encoder", "decoder"],
              "properties": { "encoder": { "type": "array" }, "decoder": { "type": "array" } }
            }
          ]
        },
        "preprocessing": {
          "description": "normalisation (pixel - mean) / std of pixels in [0, 1] that the network was trained with, one number per channel",
          "type": "object",
          "additionalProperties": false,
          "required": ["mean", "std"],
          "properties": {
            "mean": {
              "description": "mean of each channel",
              "type": "array",
              "minItems": 1,
              "maxItems": 64,
              "items": { "type": "number", "minimum": -100, "maximum": 100 }
            },
            "std": {
              "description": "standard deviation of each channel",
              "type": "array",
              "minItems": 1,
              "maxItems": 64,
              "items": { "type": "number", "minimum": 0.0001, "maximum": 10000 }
            },
            "resize": {
              "description": "[height, width] that images are brought to first, bilinearly, as the network was trained",
              "type": "array",
              "minItems": 2,
              "maxItems": 2,
              "items": { "type": "integer", "minimum": 1, "maximum": 4096 }
            }
          }
        },
        "plugin": {
          "description": "a program that serves the model, where the built-in engine does not",
          "type": "object",
          "additionalProperties": false,
          "required": ["command"],
          "properties": {
            "command": {
              "description": "program and arguments; `{checkpoint}` stands for the checkpoint's path",
              "type": "array",
              "minItems": 1,
              "maxItems": 100,
              "items": { "type": "string", "maxLength": 2000 }
            },
            "files": {
              "description": "the program's own files beside model.json",
              "type": "array",
              "minItems": 1,
              "maxItems": 100,
              "items": {
                "x-expected": "the path of a file below model.json's folder",
                "type": "string",
                "maxLength": 200,
                "pattern": "^[A-Za-z0-9_][A-Za-z0-9._+=@ -]*(/[A-Za-z0-9_][A-Za-z0-9._+=@ -]*)*(?![\\s\\S])"
              }
            }
          }
        },
        "claims": {
          "description": "what its authors say of it; checked",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "accuracy": {
              "description": "accuracy on the task's test images, a share in [0, 1]; measuring less than a binomial 99 % interval allows for is refused",
              "type": "number",
              "minimum": 0,
              "maximum": 1
            },
            "standardAccuracy": {
              "description": "accuracy of the same architecture trained without a robustness objective, a share in [0, 1]",
              "type": "number",
              "minimum": 0,
              "maximum": 1
            },
            "standardModel": {
              "description": "id on the leaderboard of the same network trained without a robustness objective; its result says what accuracy and on-manifold sensitivity are compared with",
              "type": "string",
              "x-expected": "the id of a result on the leaderboard",
              "pattern": "^[a-z0-9][a-z0-9._-]*(?![\\s\\S])"
            }
          }
        },
        "source": {
          "description": "where it comes from",
          "type": "object",
          "additionalProperties": false,
          "properties": {
            "paper": { "description": "reference", "$ref": "#/$defs/text", "maxLength": 500 },
            "url": {
              "description": "page of the paper or the code",
              "x-expected": "an address that begins with https:// or http://",
              "type": "string",
              "maxLength": 2000,
              "pattern": "^https?://[A-Za-z0-9][^\\s<>\"'`\\\\]*(?![\\s\\S])"
            },
            "authors": { "description": "who trained it", "$ref": "#/$defs/text", "maxLength": 500 },
            "license": {
              "description": "license of the weights, such as MIT or CC-BY-4.0",
              "$ref": "#/$defs/text",
              "maxLength": 100
            },
            "training": {
              "description": "objective and its strength, such as `PGD, L2 radius 0.5`",
              "$ref": "#/$defs/text",
              "maxLength": 2000
            }
          }
        },
        "noise": {
          "description": "of a denoiser: standard deviation of the noise it removes, in pixel units",
          "type": "number",
          "exclusiveMinimum": 0,
          "maximum": 1000
        },
        "classes": {
          "description": "of a class-conditional denoiser: how many classes it finds the noise for; of a generator: to how many it goes",
          "type": "integer",
          "minimum": 2,
          "maximum": 4096
        }
      },
      "$defs": {
        "text": {
          "x-expected": "plain text of one line, without control characters, HTML tags or character references",
          "type": "string",
          "format": "plain-text",
          "minLength": 1,
          "pattern": "^(?!.*<[A-Za-z/!?])(?!.*&#?[A-Za-z0-9]+;)[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff]+(?![\\s\\S])"
        },
        "submission": {
          "description": "What `pags-bench submit` asks for.",
          "$ref": "#",
          "required": ["id", "name", "task", "claims", "source"],
          "properties": {
            "kind": { "const": "classifier" },
            "checkpoint": {
              "x-expected": "a `file` beside model.json, or a `url` with `sha256` and `bytes`",
              "anyOf": [{ "required": ["file"] }, { "required": ["url"] }]
            },
            "claims": { "$ref": "#/properties/claims", "required": ["accuracy"] },
            "source": { "$ref": "#/properties/source", "required": ["training"] }
          },
          "x-expected": "a `checkpoint`, or a `plugin` with its `files`",
          "anyOf": [{ "required": ["checkpoint"] }, { "required": ["plugin"] }]
        }
      }
    }
    """#
}
