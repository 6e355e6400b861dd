// Every resource of a rendered kustomization against the schemas of Kubernetes and of the Prometheus
// operator: names of fields by the compiler, on the types made of them (the validators let unknown
// ones pass), values by the validators. Prints what is wrong, or how many resources are right.
//   node check.mjs RENDERED.yaml
import { readFileSync } from "node:fs";
import ts from "typescript";
import { parseAllDocuments } from "yaml";

const file = process.argv[2];
const problems = [];
const sources = [];
const resources = parseAllDocuments(readFileSync(file, "utf8"));

for (const document of resources) {
  const resource = document.toJS();
  const { apiVersion, kind, metadata } = resource;
  const crd = apiVersion.startsWith("monitoring.coreos.com/");
  const from = `${crd ? "@kubernetes-models/prometheus-operator" : "kubernetes-models"}/${apiVersion}`;
  const place = `${kind}/${metadata?.name}`;
  const model = await import(from).then((module) => module[kind], () => undefined);
  if (!model) {
    problems.push(`${place}: ${apiVersion} has no such kind`);
    continue;
  }
  try {
    new model(resource).validate();
  } catch (error) {
    problems.push(`${place}: ${error.message}`);
  }
  sources.push({ place, text: `import { I${kind} } from "${from}/${kind}";\nconst it: I${kind} = ${JSON.stringify(resource)};\n` });
}
// An empty render is a failure, too.
if (resources.length === 0) problems.push("no resource at all");

const texts = new Map(sources.map(({ text }, n) => [`${import.meta.dirname}/resource-${n}.ts`, text]));
const options = { noEmit: true, strict: true, skipLibCheck: true, types: [], module: ts.ModuleKind.NodeNext };
const host = ts.createCompilerHost(options);
const { fileExists, readFile } = host;
host.fileExists = (path) => texts.has(path) || fileExists(path);
host.readFile = (path) => texts.get(path) ?? readFile(path);
const getSourceFile = host.getSourceFile;
host.getSourceFile = (path, ...rest) =>
  texts.has(path) ? ts.createSourceFile(path, texts.get(path), ...rest) : getSourceFile(path, ...rest);
const program = ts.createProgram([...texts.keys()], options, host);
for (const { file: at, messageText } of ts.getPreEmitDiagnostics(program)) {
  const place = at ? sources[[...texts.keys()].indexOf(at.fileName)]?.place : undefined;
  problems.push(`${place ?? at?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`);
}

for (const problem of problems) console.log(problem);
if (problems.length > 0) process.exit(1);
console.log(`${resources.length} resources fit their schemas`);
