#compdef mqttlab
# Completion of mqttlab for zsh. Load it with:  source <(mqttlab completion zsh)
# or write it to a file _mqttlab in a folder of $fpath.
_mqttlab() {
  local line word what
  local -a offered
  local files=0 folders=0
  while IFS= read -r line; do
    word=${line%%$'\t'*}
    what=${line#*$'\t'}
    case $word in
      :files) files=1 ;;
      :folders) folders=1 ;;
      *) offered+=("${word//:/\\:}:$what") ;;
    esac
  done < <("${words[1]/#\~/$HOME}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
  (( ${#offered} )) && _describe -V mqttlab offered
  (( files )) && _files
  (( folders )) && _files -/
  return 0
}
if [[ ${funcstack[1]} == _mqttlab ]]; then _mqttlab "$@"; else compdef _mqttlab mqttlab; fi
