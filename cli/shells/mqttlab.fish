# Completion of mqttlab for fish. Load it with:  mqttlab completion fish | source
# or write it to ~/.config/fish/completions/mqttlab.fish
function __mqttlab_offers
    set -l before (commandline -opc)
    set -l current (commandline -ct)
    for line in ($before[1] complete -- $before[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path "$current"
            case ':folders*'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c mqttlab -f -a '(__mqttlab_offers)'
